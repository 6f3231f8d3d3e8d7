//! Roles: given by admins, the first of whom the operator names.

use anyhow::{Result, ensure};
use axum::http::Method;
use ecotrack_chassis::test_support::eventually;
use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use crate::helpers::{Customer, ME, Session, TestApp, begin_sessions, count_events};

const USERS: &str = "/api/users";

fn admin_role(user_id: &str) -> String {
    format!("{USERS}/{user_id}/roles/admin")
}

#[tokio::test]
async fn an_admin_makes_an_admin_who_is_one_from_the_next_refresh_on() -> Result<()> {
    let app = TestApp::start().await?;
    let (admin, ann) = (app.admin().await?, app.session().await?);
    ann.client.get(USERS).await?.expect_problem(403)?;
    for _ in 0..2 {
        admin.ask(Method::PUT, &admin_role(&ann.user_id)).await?.expect(204)?;
    }
    ann.client.get(USERS).await?.expect_problem(403)?;
    let ann = Session::of(app.client(), &app.refresh(&ann.refresh_token).await?.expect(200)?);
    ann.client.get(USERS).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn whoever_loses_a_role_loses_the_sessions_that_had_it() -> Result<()> {
    let app = TestApp::start().await?;
    let (one, two) = (app.admin().await?, app.admin().await?);
    two.client.get(USERS).await?.expect(200)?;
    one.client.delete(&admin_role(&two.user_id)).await?.expect(204)?;
    two.client.get(USERS).await?.expect_problem(401)?;
    app.refresh(&two.refresh_token).await?.expect_problem(401)?;
    Ok(())
}

#[tokio::test]
async fn whoever_loses_a_role_loses_thousands_of_sessions_as_well() -> Result<()> {
    let app = TestApp::start().await?;
    let (one, two) = (app.admin().await?, app.admin().await?);
    begin_sessions(&app, two.id()?, 5000).await?;
    one.client.delete(&admin_role(&two.user_id)).await?.expect(204)?;
    two.client.get(USERS).await?.expect_problem(401)?;
    assert_eq!(count_events(&app, "logged_out_at").await?, 5001);
    Ok(())
}

#[tokio::test]
async fn nobody_changes_their_own_roles() -> Result<()> {
    let app = TestApp::start().await?;
    let (admin, ann) = (app.admin().await?, app.session().await?);
    ann.ask(Method::PUT, &admin_role(&ann.user_id)).await?.expect_problem(403)?;
    admin.client.delete(&admin_role(&admin.user_id)).await?.expect_problem(403)?;
    admin.client.get(USERS).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn roles_and_users_that_do_not_exist_are_not_there() -> Result<()> {
    let app = TestApp::start().await?;
    let (admin, ann) = (app.admin().await?, app.session().await?);
    let owner = format!("{USERS}/{}/roles/owner", ann.user_id);
    admin.ask(Method::PUT, &owner).await?.expect_problem(404)?;
    let nobody = admin_role(&Uuid::new_v4().to_string());
    admin.ask(Method::PUT, &nobody).await?.expect_problem(404)?;
    admin.client.delete(&nobody).await?.expect_problem(404)?;
    Ok(())
}

#[tokio::test]
async fn an_admin_sees_all_users_page_by_page_and_no_secrets() -> Result<()> {
    let app = TestApp::start().await?;
    let admin = app.admin().await?;
    let mut expected = vec![admin.user_id.clone()];
    for _ in 0..4 {
        expected.push(app.session().await?.user_id);
    }
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let answer = admin.client.get(&format!("{USERS}{query}")).await?.expect(200)?;
        ensure!(!answer.text.contains("argon2"), "{}", answer.text);
        let page = answer.json();
        for user in page["items"].as_array().unwrap() {
            seen.push(user["user_id"].as_str().unwrap().to_owned());
        }
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("?limit=2&cursor={cursor}");
    }
    expected.reverse();
    assert_eq!(seen, expected);
    Ok(())
}

#[tokio::test]
async fn the_operator_names_the_first_admin_by_id() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    app.register(&customer).await?.expect(202)?;
    let session = app.session_of(&customer).await?;
    session.client.get(USERS).await?.expect_problem(403)?;
    let app = app.restarted_with("ECOTRACK_ADMIN_USER_IDS", &session.user_id).await?;
    eventually(|| async {
        let roles: Vec<String> =
            sqlx::query_scalar("select roles from user_service.users where id = $1")
                .bind(session.id()?)
                .fetch_one(&mut app.database().await?)
                .await?;
        ensure!(roles == ["customer", "admin"], "{roles:?}");
        Ok(())
    })
    .await?;
    let admin = app.session_of(&customer).await?;
    admin.client.get(USERS).await?.expect(200)?;
    admin.client.get(ME).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn whom_the_operator_names_no_longer_is_no_admin_any_more() -> Result<()> {
    let app = TestApp::start().await?;
    let (granted, customer) = (app.admin().await?, Customer::new());
    app.register(&customer).await?.expect(202)?;
    let named = app.session_of(&customer).await?.user_id;
    let app = app.restarted_with("ECOTRACK_ADMIN_USER_IDS", &named).await?;
    let admin = eventually(|| async {
        let session = app.session_of(&customer).await?;
        session.client.get(USERS).await?.expect(200)?;
        Ok(session)
    })
    .await?;
    let app = app.restarted_with("ECOTRACK_ADMIN_USER_IDS", "").await?;
    let client = app.client().with_token(&admin.token);
    eventually(|| async { client.get(USERS).await?.expect_problem(401) }).await?;
    app.session_of(&customer).await?.client.get(USERS).await?.expect_problem(403)?;
    // Whom another admin made one stays one.
    app.client().with_token(&granted.token).get(USERS).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn whom_the_operator_names_stays_an_admin_whatever_another_one_does() -> Result<()> {
    let app = TestApp::start().await?;
    let (granted, customer) = (app.admin().await?, Customer::new());
    app.register(&customer).await?.expect(202)?;
    let user_id = app.session_of(&customer).await?.user_id;
    let app = app.restarted_with("ECOTRACK_ADMIN_USER_IDS", &user_id).await?;
    let named = eventually(|| async {
        let session = app.session_of(&customer).await?;
        session.client.get(USERS).await?.expect(200)?;
        Ok(session)
    })
    .await?;
    let granted = app.client().with_token(&granted.token);
    let refused = granted.delete(&admin_role(&user_id)).await?.expect_problem(409)?;
    let kind = refused.json()["type"].clone();
    ensure!(kind.as_str().is_some_and(|kind| kind.ends_with("/named-by-operator")), "{kind}");
    named.client.get(USERS).await?.expect(200)?;
    granted.delete(&format!("{USERS}/{user_id}/roles/customer")).await?.expect(204)?;
    // One who is named and not there any more has nothing to be taken.
    app.session_of(&customer).await?.erase().await?.expect(204)?;
    granted.delete(&admin_role(&user_id)).await?.expect_problem(404)?;
    Ok(())
}

/// Lets whoever writes so wait until the gate is opened: before `insert on user_service.user_sessions`, for example.
async fn gate(app: &TestApp, before: &str) -> Result<PgConnection> {
    let mut gate = app.database().await?;
    let trigger = format!(
        "create trigger wait before {before} for each row execute function user_service.wait()"
    );
    for statement in [
        "create function user_service.wait() returns trigger language plpgsql as \
             $$ begin perform pg_advisory_xact_lock_shared(1); return new; end $$",
        trigger.as_str(),
        "select pg_advisory_lock(1)",
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut gate).await?;
    }
    Ok(gate)
}

async fn open(mut gate: PgConnection) -> Result<()> {
    Ok(sqlx::query("select pg_advisory_unlock(1)").execute(&mut gate).await.map(drop)?)
}

#[tokio::test]
async fn of_two_admins_who_revoke_each_other_at_once_one_is_left() -> Result<()> {
    let app = TestApp::start().await?;
    let (one, two) = (app.admin().await?, app.admin().await?);
    let gate = gate(&app, "update on user_service.users").await?;
    let (role_of_one, role_of_two) = (admin_role(&one.user_id), admin_role(&two.user_id));
    let opened = async {
        eventually(|| async {
            let waiting = app.fixture.database.waiting(None).await?;
            ensure!(waiting == 2, "{waiting} wait, not both");
            Ok(())
        })
        .await?;
        open(gate).await
    };
    let (of_two, of_one, ()) =
        tokio::try_join!(one.client.delete(&role_of_two), two.client.delete(&role_of_one), opened)?;
    let mut answers = [of_two.status.as_u16(), of_one.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [204, 403]);
    let left = if of_two.status.is_success() { one } else { two };
    left.client.get(USERS).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn a_login_that_races_the_loss_of_a_role_does_not_keep_it() -> Result<()> {
    let app = TestApp::start().await?;
    let (admin, customer) = (app.admin().await?, Customer::new());
    app.register(&customer).await?.expect(202)?;
    let user_id = app.session_of(&customer).await?.user_id;
    admin.ask(Method::PUT, &admin_role(&user_id)).await?.expect(204)?;
    // A login that has read the roles waits before it writes its session.
    let gate = gate(&app, "insert on user_service.user_sessions").await?;
    let login = app.session_of(&customer);
    let revoke = async {
        eventually(|| async {
            ensure!(
                app.fixture.database.waiting(Some("advisory")).await? > 0,
                "the login does not wait"
            );
            Ok(())
        })
        .await?;
        let role = admin_role(&user_id);
        let revoke = admin.client.delete(&role);
        let opened = async {
            // The revocation either went through or waits for the login.
            eventually(|| async {
                let roles: Vec<String> =
                    sqlx::query_scalar("select roles from user_service.users where id = $1")
                        .bind(Uuid::parse_str(&user_id)?)
                        .fetch_one(&mut app.database().await?)
                        .await?;
                ensure!(
                    roles == ["customer"]
                        || app.fixture.database.waiting(Some("transactionid")).await? > 0,
                    "nothing was revoked yet"
                );
                Ok(())
            })
            .await?;
            open(gate).await
        };
        let (revoked, ()) = tokio::try_join!(revoke, opened)?;
        revoked.expect(204)
    };
    let (session, _) = tokio::try_join!(login, revoke)?;
    session.client.get(USERS).await?.expect_problem(401)?;
    Ok(())
}
