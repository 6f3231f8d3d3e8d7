//! What is cached, for whom, and for how long.

use anyhow::{Result, ensure};
use axum::http::Method;
use ecotrack_chassis::test_support::eventually;
use redis::AsyncCommands as _;
use serde_json::Value;

use crate::helpers::{ME, TestApp};

/// Milliseconds until somebody in a hurry gives up: enough to get as far as the commit.
const HURRY: &str = "2000";

#[tokio::test]
async fn profiles_and_sessions_are_cached_under_their_names_for_their_time() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    session.client.get(ME).await?.expect(200)?;
    let mut redis = app.redis().await?;
    for (key, seconds) in [
        (format!("ecotrack:cache:user:profile:{}", session.user_id), 300),
        (format!("ecotrack:cache:user:session:{}", session.id), 1800),
    ] {
        let left: i64 = redis.ttl(&key).await?;
        ensure!((seconds - 60..=seconds).contains(&left), "{key} lives {left} s");
    }
    Ok(())
}

#[tokio::test]
async fn an_entry_that_is_another_users_is_not_believed() -> Result<()> {
    let app = TestApp::start().await?;
    let (ann, bob) = (app.session().await?, app.session().await?);
    bob.client.get(ME).await?.expect(200)?;
    let mut redis = app.redis().await?;
    let key = |kind: &str, id: &str| format!("ecotrack:cache:user:{kind}:{id}");
    let profile: String = redis.get(key("profile", &bob.user_id)).await?;
    let _: () = redis.set(key("profile", &ann.user_id), profile).await?;
    let me = ann.client.get(ME).await?.expect(200)?.json();
    assert_eq!(me["user_id"], ann.user_id.as_str());
    let session: String = redis.get(key("session", &bob.id)).await?;
    ann.log_out().await?.expect(204)?;
    let _: () = redis.set(key("session", &ann.id), session).await?;
    ann.client.get(ME).await?.expect_problem(401)?;
    Ok(())
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_is_no_entry() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let mut redis = app.redis().await?;
    for kind in ["profile", "session"] {
        let id = if kind == "profile" { &session.user_id } else { &session.id };
        let _: () = redis.set(format!("ecotrack:cache:user:{kind}:{id}"), "not json").await?;
    }
    session.client.get(ME).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn a_session_whose_end_nobody_heard_of_is_over_all_the_same() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    session.client.get(ME).await?.expect(200)?;
    let hurried = session.client.request(Method::POST, "/api/users/logout")?;
    let hurried = session.client.send(hurried.header("x-request-timeout-ms", HURRY));
    app.fixture
        .database
        .unheard("user_service.user_sessions", hurried)
        .await?
        .expect_problem(503)?;
    eventually(|| async { session.client.get(ME).await?.expect_problem(401).map(drop) }).await
}

#[tokio::test]
async fn no_password_and_no_token_is_ever_in_redis() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    session.client.get(ME).await?.expect(200)?;
    let mut redis = app.redis().await?;
    for key in [&session.user_id, &session.id] {
        let keys: Vec<String> = redis.keys(format!("*{key}")).await?;
        ensure!(!keys.is_empty(), "nothing is cached for {key}");
        for key in keys {
            let value: String = redis.get(&key).await?;
            let found = serde_json::from_str::<Value>(&value)?.to_string();
            ensure!(!found.contains("argon2") && !found.contains(&session.token), "{key}");
            ensure!(!found.contains(&session.refresh_token), "{key}");
        }
    }
    Ok(())
}
