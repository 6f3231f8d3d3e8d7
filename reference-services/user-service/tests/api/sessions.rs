//! Logging in and out, and what a session allows.

use anyhow::Result;
use ecotrack_events::Topic;
use uuid::Uuid;

use crate::helpers::{Customer, TestApp, count_events, without_trace};

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_alike() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    app.register(&customer).await?.expect(202)?;
    let wrong = app.login(&customer.email, "a wrong password").await?.expect_problem(401)?;
    let unknown = app.login("nobody@example.com", "a wrong password").await?.expect_problem(401)?;
    assert_eq!(without_trace(&wrong), without_trace(&unknown));
    assert_eq!(wrong.header("www-authenticate"), "Bearer");
    Ok(())
}

#[tokio::test]
async fn a_login_is_a_row_a_cached_session_and_an_event() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let mut database = app.fixture.database.connect().await?;
    let sessions: i64 = sqlx::query_scalar(
        "select count(*) from user_service.user_sessions where id = $1::uuid and user_id = $2::uuid and ended_at is null",
    )
    .bind(Uuid::parse_str(&session.id)?)
    .bind(Uuid::parse_str(&session.user_id)?)
    .fetch_one(&mut database)
    .await?;
    assert_eq!(sessions, 1);
    app.fixture.kafka.await_event(Topic::User, "UserLoginEvent", &session.user_id).await?;
    Ok(())
}

#[tokio::test]
async fn a_logout_ends_the_session_once() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    for _ in 0..2 {
        session.log_out().await?.expect(204)?;
    }
    app.fixture.kafka.await_event(Topic::User, "UserLogoutEvent", &session.user_id).await?;
    assert_eq!(count_events(&app, "logged_out_at").await?, 1);
    Ok(())
}

#[tokio::test]
async fn customers_read_their_own_profile_and_nobody_elses() -> Result<()> {
    let app = TestApp::start().await?;
    let (ann, bob) = (app.session().await?, app.session().await?);
    let me = ann.client.get("/api/users/me").await?.expect(200)?.json();
    assert_eq!(me["user_id"], ann.user_id.as_str());
    assert!(me.get("password_hash").is_none());
    let mine = ann.client.get(&format!("/api/users/{}", ann.user_id)).await?.expect(200)?.json();
    assert_eq!(mine, me);
    let foreign =
        ann.client.get(&format!("/api/users/{}", bob.user_id)).await?.expect_problem(404)?;
    let absent =
        ann.client.get(&format!("/api/users/{}", Uuid::new_v4())).await?.expect_problem(404)?;
    assert_eq!(foreign.json()["detail"], absent.json()["detail"]);
    Ok(())
}

#[tokio::test]
async fn a_profile_is_read_from_the_cache_the_second_time() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    session.client.get("/api/users/me").await?.expect(200)?;
    session.client.get("/api/users/me").await?.expect(200)?;
    let metrics = app.metrics().await?;
    assert!(
        metrics.contains(r#"cache_requests_total{cache="user:profile",result="hit"} 1"#),
        "{metrics}"
    );
    assert!(
        metrics.contains(r#"cache_requests_total{cache="user:profile",result="miss"} 1"#),
        "{metrics}"
    );
    Ok(())
}

#[tokio::test]
async fn without_a_valid_token_there_is_one_answer() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let mut forged = session.token.clone();
    forged.replace_range(forged.len() - 6.., "AAAAAA");
    let none = app.client().get("/api/users/me").await?.expect_problem(401)?;
    let bad = app.client().with_token(&forged).get("/api/users/me").await?.expect_problem(401)?;
    assert_eq!(none.json()["detail"], bad.json()["detail"]);
    assert_eq!(none.header("www-authenticate"), "Bearer");
    Ok(())
}
