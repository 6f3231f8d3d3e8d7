//! The ingress gateway from outside: what passes, what does not, under which name.

use conformance::check::proxy::nobody_behind;
use conformance::check::{Matcher, each, http, judge};
use conformance::component::AskError;
use conformance::component::istio::AccessLogEntry;
use conformance::component::loki::Loki;
use conformance::services::{Answer, Call, EcoTrack, HOST, Ids, Session, token};
use conformance::verdict::Outcome;
use cucumber::{then, when};

use super::asking::{await_settled, client, expect, said, send, send_as};
use super::list::Names;
use crate::world::World;

const PROFILE: &str = "/api/users/me";

/// The same question asked in three ways.
struct Asked {
    with_token: Answer,
    without: Answer,
    forged: Vec<(&'static str, Answer)>,
}

/// What the gateway answered to somebody outside, and the ids of that request alone.
struct FromOutside(Answer, Ids);

#[when(
    "the customer's own profile is asked for with their token, without a token and with forged ones"
)]
async fn asks_in_all_ways(world: &mut World) -> Outcome {
    let session = world.recall::<Session>()?.clone();
    let with_token = send(world, &Call::get(PROFILE).as_user(&session)).await?;
    let without = send(world, &Call::get(PROFILE)).await?;
    let mut forged = Vec::new();
    for (what, token) in token::forgeries(&session.token) {
        forged.push((what, send(world, &Call::get(PROFILE).with_token(token)).await?));
    }
    world.remember(Asked { with_token, without, forged });
    Ok(())
}

#[then("the customer's token is answered with 200")]
fn token_passes(world: &mut World) -> Outcome {
    expect(world, "the genuine token", &world.recall::<Asked>()?.with_token, http::status(200))
}

#[then("the request without a token is refused by the mesh")]
fn no_token_is_refused(world: &mut World) -> Outcome {
    expect(world, "no token", &world.recall::<Asked>()?.without, http::refused_by_the_mesh)
}

#[then("every forged token is answered with 401")]
fn forgeries_are_refused(world: &mut World) -> Outcome {
    let asked = world.recall::<Asked>()?;
    asked
        .forged
        .iter()
        .try_for_each(|(what, answer)| expect(world, what, answer, http::status(401)))
}

#[when(expr = "the customer asks for {string}")]
async fn asks_for(world: &mut World, path: String) -> Outcome {
    let call = Call::get(path).as_user(world.recall::<Session>()?);
    let ids = Ids::unrelated();
    let answer = send_as(world, &call, &ids).await?;
    world.remember(FromOutside(answer, ids));
    Ok(())
}

#[then("the gateway itself refuses, by its answer and by its own access log")]
async fn gateway_refuses(world: &mut World) -> Outcome {
    let refused = |answer: &Answer| {
        let by_gateway =
            matches!(answer.status, 403 | 404) && answer.header("x-correlation-id").is_none();
        judge(by_gateway, "403 or 404 from the gateway itself", answer)
    };
    expect(world, "the gateway's answer", &world.recall::<FromOutside>()?.0, refused)?;
    let own = |entry: &AccessLogEntry| {
        let expected = "a refusal by the gateway itself in its access log";
        judge(entry.is_the_proxys_own_refusal(), expected, format!("{entry:?}"))
    };
    await_every_entry(world, own).await
}

#[then(expr = "the gateway itself answers 503 within {int} ms, because nobody is behind it")]
async fn gateway_is_alone(world: &mut World, millis: u64) -> Outcome {
    expect(world, "the gateway's answer", &world.recall::<FromOutside>()?.0, http::status(503))?;
    await_every_entry(world, nobody_behind(millis)).await
}

/// What the gateway's access log has of the requests with these ids.
pub(super) async fn fetch_log(loki: &Loki, ids: &Ids) -> Result<Vec<AccessLogEntry>, AskError> {
    let lines = loki.fetch_gateway_log(&ids.correlation_id(), ids.since()).await?;
    Ok(lines.iter().filter_map(AccessLogEntry::read).collect())
}

/// Every line of the request in the gateway's access log is as it should be, and stays alone.
async fn await_every_entry(world: &World, one: impl Matcher<AccessLogEntry>) -> Outcome {
    let loki = client::<Loki>(world).await?;
    let ids = &world.recall::<FromOutside>()?.1;
    let correlation = ids.correlation_id();
    let entries = || fetch_log(&loki, ids);
    let every =
        |entries: &Vec<AccessLogEntry>| each(|entry: &AccessLogEntry| one.check(entry))(entries);
    let what = format!("the gateway's access log for {correlation}");
    await_settled(world, &what, world.suite().timeouts().log, entries, every).await.map(drop)
}

#[then(expr = "the gateway serves {names} over TLS")]
async fn serves(world: &mut World, paths: Names) -> Outcome {
    let session = world.recall::<Session>()?.clone();
    for path in paths.all() {
        let answer = send(world, &Call::get(path).as_user(&session)).await?;
        expect(world, &format!("https://{HOST}{path}"), &answer, http::status(200))?;
    }
    Ok(())
}

#[then("the gateway has no answer for another name")]
async fn knows_no_other_name(world: &mut World) -> Outcome {
    let ecotrack = client::<EcoTrack>(world).await?;
    let seen = ecotrack.ask_as("elsewhere.example", "/api/products").await?;
    said(
        world,
        "another name",
        judge(seen.is_none(), "no TLS connection under another name", format!("{seen:?}")),
    )
    .map(drop)
}
