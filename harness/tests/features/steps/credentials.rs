//! Database credentials: made by OpenBao, replaced under load, refused by PostgreSQL once revoked.

use std::sync::Arc;

use anyhow::Context;
use conformance::check::judge;
use conformance::component::AskError;
use conformance::component::openbao::OpenBao;
use conformance::component::places::{ECOTRACK, SERVICES};
use conformance::component::postgres::{LoginAnswer, Postgres, TableAnswer};
use conformance::component::secrets::{DatabaseLogin, fetch_database_login, force_sync};
use conformance::services::{Call, EcoTrack, Session, SteadyClient};
use conformance::verdict::Outcome;
use cucumber::{given, then, when};

use super::asking::{await_answer, await_settled, client, said};
use super::metric::fetch_fresh;
use crate::world::World;

/// The login that the rotation replaces, and the lease it lives by.
struct Old {
    login: DatabaseLogin,
    lease: String,
}
/// The service whose login it is, and how many rotations it had counted.
struct Rotation {
    service: String,
    before: f64,
}
/// The client that must not notice.
struct Steady(Option<SteadyClient>);

#[then(expr = "the database login of {string} was made by OpenBao and PostgreSQL accepts it")]
async fn made_by_openbao(world: &mut World, service: String) -> Outcome {
    let (login, _lease) = leased_login(world, &service).await?;
    expect_login(world, &login, true).await
}

#[then("the database login of each of the five services may read its own tables and no others")]
async fn reaches_its_own(world: &mut World) -> Outcome {
    let postgres = client::<Postgres>(world).await?;
    for service in SERVICES {
        let login = fetch_database_login(world.suite(), ECOTRACK, service).await?;
        for owner in SERVICES {
            let answer = postgres.read_table(&login, owner).await?;
            let expected = if owner == service { "read" } else { "refused" };
            let holds = (answer == TableAnswer::Read) == (owner == service);
            let what = format!("{} of {service} at the tables of {owner}", login.username);
            said(world, &what, judge(holds, expected, format!("{answer:?}")))?;
        }
    }
    Ok(())
}

/// The service's login and the lease it lives by.
async fn leased_login(world: &World, service: &str) -> Outcome<(DatabaseLogin, String)> {
    let (suite, openbao) = (Arc::clone(world.suite()), client::<OpenBao>(world).await?);
    let present = || async {
        let login = fetch_database_login(&suite, ECOTRACK, service).await?;
        let lease = openbao.find_lease(service, &login).await?;
        anyhow::Ok((login, lease))
    };
    let is_leased = |(login, lease): &(DatabaseLogin, Option<String>)| {
        judge(lease.is_some(), format!("a lease for {}", login.username), format!("{lease:?}"))
    };
    let within = world.suite().timeouts().credentials_rotated;
    let (login, lease) =
        await_answer(world, "the lease of the login", within, present, is_leased).await?;
    Ok((login, lease.context("the login has no lease")?))
}

#[given("a steady client that reads the customer's orders")]
async fn steady(world: &mut World) -> Outcome {
    let call = Call::get("/api/orders").as_user(world.recall::<Session>()?);
    let steady = SteadyClient::start(client::<EcoTrack>(world).await?, call);
    world.remember(Steady(Some(steady)));
    Ok(())
}

#[given(expr = "the present database login of {string}, which PostgreSQL accepts")]
async fn present_login(world: &mut World, service: String) -> Outcome {
    let (login, lease) = leased_login(world, &service).await?;
    expect_login(world, &login, true).await?;
    let before = fetch_fresh(world, &service, &rotations(&service)).await?;
    world.remember(Old { login, lease });
    world.remember(Rotation { service, before });
    Ok(())
}

#[when(expr = "the credentials of {string} are rotated")]
async fn rotate(world: &mut World, service: String) -> Outcome {
    force_sync(world.suite().cluster(), ECOTRACK, &format!("{service}-db-credentials")).await?;
    let (suite, old) = (Arc::clone(world.suite()), world.recall::<Old>()?.login.username.clone());
    let present =
        || async { anyhow::Ok(fetch_database_login(&suite, ECOTRACK, &service).await?.username) };
    let is_new =
        |username: &String| judge(*username != old, format!("a login other than {old}"), username);
    await_answer(
        world,
        "a new login in the Secret",
        world.suite().timeouts().secret_synced,
        present,
        is_new,
    )
    .await
    .map(drop)
}

#[then(expr = "{string} counts a rotation and uses only the new login")]
async fn uses_new_login(world: &mut World, service: String) -> Outcome {
    await_new_sessions(world, &service).await?;
    let before = world.recall::<Rotation>()?.before;
    let after = fetch_fresh(world, &service, &rotations(&service)).await?;
    let counted = judge(after > before, format!("more than {before}"), after);
    said(world, "rotations counted", counted).map(drop)
}

async fn await_new_sessions(world: &World, service: &str) -> Outcome {
    let (suite, postgres) = (world.suite(), client::<Postgres>(world).await?);
    let old = &world.recall::<Old>()?.login.username;
    let sessions = || async {
        let present = fetch_database_login(suite, ECOTRACK, service).await?.username;
        anyhow::Ok((postgres.count_sessions(old).await?, postgres.count_sessions(&present).await?))
    };
    let moved = |(of_old, of_new): &(u64, u64)| {
        let seen = format!("{of_old} sessions of the old login, {of_new} of the new");
        judge(*of_old == 0 && *of_new > 0, "sessions of the new login alone", seen)
    };
    let within = suite.timeouts().credentials_rotated;
    await_settled(world, "sessions of the new login", within, sessions, moved).await.map(drop)
}

/// A lease that ran out meanwhile has been revoked by OpenBao itself; which of the two it was is kept as evidence.
#[when("the lease of the old login is revoked")]
async fn revoke(world: &mut World) -> Outcome {
    let (openbao, lease) = (client::<OpenBao>(world).await?, world.recall::<Old>()?.lease.clone());
    let revoked = async {
        let there = openbao.has_lease(&lease).await?;
        if there {
            openbao.revoke(&lease).await?;
        }
        Ok::<_, AskError>(there)
    };
    let told = |there: &bool| {
        if *there { "revoked" } else { "not there any more: it ran out, and OpenBao revoked it" }
    };
    let query = format!("revoke {lease}");
    world.journal().asked("openbao", query, revoked, |there| told(there).to_owned()).await?;
    Ok(())
}

#[then("PostgreSQL no longer knows the old role and refuses its login")]
async fn old_is_refused(world: &mut World) -> Outcome {
    let (postgres, old) = (client::<Postgres>(world).await?, world.recall::<Old>()?.login.clone());
    let gone = |known: &bool| {
        judge(!known, format!("no role {}", old.username), format!("role known: {known}"))
    };
    await_answer(
        world,
        "the old role dropped",
        world.suite().timeouts().role_gone,
        || postgres.has_role(&old.username),
        gone,
    )
    .await?;
    expect_login(world, &old, false).await
}

#[then("PostgreSQL accepts the new login")]
async fn new_is_accepted(world: &mut World) -> Outcome {
    let login =
        fetch_database_login(world.suite(), ECOTRACK, &world.recall::<Rotation>()?.service).await?;
    expect_login(world, &login, true).await
}

#[then("the steady client saw no failed request")]
async fn nobody_noticed(world: &mut World) -> Outcome {
    let client = world
        .recall_mut::<Steady>()?
        .0
        .take()
        .context("the steady client has been asked before")?;
    let tally = client.finish().await?;
    let seen = format!(
        "{} succeeded, {} failed, first {:?}",
        tally.succeeded,
        tally.failures.len(),
        tally.failures.first()
    );
    said(
        world,
        "the steady client",
        judge(tally.failures.is_empty() && tally.succeeded > 0, "only answers with 200", seen),
    )
    .map(drop)
}

async fn expect_login(world: &World, login: &DatabaseLogin, accepted: bool) -> Outcome {
    let answer = client::<Postgres>(world).await?.log_in(login).await?;
    let expected = if accepted { "the login accepted" } else { "the login refused by PostgreSQL" };
    said(
        world,
        &login.username,
        judge((answer == LoginAnswer::Accepted) == accepted, expected, format!("{answer:?}")),
    )
    .map(drop)
}

fn rotations(service: &str) -> String {
    format!("db_credentials_rotations_total{{application=\"{service}\"}}")
}
