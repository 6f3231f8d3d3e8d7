//! The keys of tokens, and their change.

use anyhow::{Result, ensure};
use chrono::{DateTime, Utc};
use ecotrack_chassis::test_support::{Client, eventually, signing_key};

use crate::helpers::{ME, Session, TestApp};

const JWKS: &str = "/.well-known/jwks.json";

async fn kids(client: &Client) -> Result<Vec<String>> {
    let keys = client.get(JWKS).await?.expect(200)?.json();
    let kids = keys["keys"].as_array().into_iter().flatten();
    Ok(kids.filter_map(|key| key["kid"].as_str().map(str::to_owned)).collect())
}

async fn await_kids(client: &Client, count: usize) -> Result<Vec<String>> {
    eventually(|| async {
        let kids = kids(client).await?;
        ensure!(kids.len() == count, "{kids:?}");
        Ok(kids)
    })
    .await
}

/// Until when the last of the keys is published.
async fn published_until(app: &TestApp) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar("select max(expires_at) from user_service.signing_keys")
        .fetch_one(&mut app.database().await?)
        .await?)
}

fn kid_of(session: &Session) -> Result<Option<String>> {
    Ok(jsonwebtoken::decode_header(&session.token)?.kid)
}

#[tokio::test]
async fn the_published_key_is_public_and_named_by_its_thumbprint() -> Result<()> {
    let app = TestApp::start().await?;
    let key = app.client().get(JWKS).await?.expect(200)?.json()["keys"][0].clone();
    assert_eq!(key["kty"], "EC");
    assert_eq!(key["crv"], "P-256");
    assert_eq!(key["alg"], "ES256");
    assert_eq!(key["kid"].as_str().map(str::len), Some(43));
    assert!(key.get("d").is_none(), "the private half is published");
    Ok(())
}

#[tokio::test]
async fn after_a_change_of_key_old_tokens_live_on_and_new_ones_use_the_new_key() -> Result<()> {
    let app = TestApp::start().await?;
    let before = app.session().await?;
    app.fixture.secret("jwt-signing-key", &signing_key()?)?;
    let kids = await_kids(app.client(), 2).await?;
    let after = app.session().await?;
    before.client.get(ME).await?.expect(200)?;
    after.client.get(ME).await?.expect(200)?;
    assert_ne!(kid_of(&before)?, kid_of(&after)?);
    assert_eq!(kid_of(&after)?.as_ref(), kids.first());
    Ok(())
}

#[tokio::test]
async fn a_replica_that_starts_after_the_change_knows_the_old_key_too() -> Result<()> {
    let app = TestApp::start().await?;
    let before = app.session().await?;
    app.fixture.secret("jwt-signing-key", &signing_key()?)?;
    let published = await_kids(app.client(), 2).await?;
    let replica = app.replica().await?;
    assert_eq!(kids(&replica.client).await?, published);
    replica.client.with_token(&before.token).get(ME).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn a_retired_key_disappears_when_its_last_token_has_expired() -> Result<()> {
    let app = TestApp::with(&[("ECOTRACK_ACCESS_TOKEN_SECONDS", "1")]).await?;
    let before = app.session().await?;
    app.fixture.secret("jwt-signing-key", &signing_key()?)?;
    await_kids(app.client(), 2).await?;
    let left = await_kids(app.client(), 1).await?;
    let after = app.session().await?;
    assert_eq!(kid_of(&after)?.as_ref(), left.first());
    // What is published is as of now, what is believed as of the last look, a second ago at most.
    eventually(|| async { before.client.get(ME).await?.expect_problem(401).map(drop) }).await?;
    eventually(|| async {
        let rows: Vec<String> = sqlx::query_scalar("select kid from user_service.signing_keys")
            .fetch_all(&mut app.database().await?)
            .await?;
        ensure!(rows == left, "{rows:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_key_stays_published_at_least_until_its_last_token_expires() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let claims = session.claims()?;
    let covered: bool = sqlx::query_scalar(
        "select bool_and(expires_at >= to_timestamp($1)) from user_service.signing_keys",
    )
    .bind(claims["exp"].as_f64())
    .fetch_one(&mut app.database().await?)
    .await?;
    assert!(covered, "a token outlives its key");
    Ok(())
}

#[tokio::test]
async fn a_new_key_is_published_before_it_signs() -> Result<()> {
    let app = TestApp::with(&[("ECOTRACK_SIGNING_KEY_LEAD_SECONDS", "3600")]).await?;
    let before = app.session().await?;
    app.fixture.secret("jwt-signing-key", &signing_key()?)?;
    let published = await_kids(app.client(), 2).await?;
    let after = app.session().await?;
    assert_eq!(kid_of(&after)?, kid_of(&before)?);
    assert_eq!(kid_of(&after)?.as_ref(), published.first());
    Ok(())
}

#[tokio::test]
async fn a_replica_with_a_key_that_not_everybody_has_seen_serves_once_it_is_the_only_one()
-> Result<()> {
    // A living replica keeps its key published for five seconds longer than a token lives.
    let app = TestApp::with(&[
        ("ECOTRACK_SIGNING_KEY_LEAD_SECONDS", "3600"),
        ("ECOTRACK_ACCESS_TOKEN_SECONDS", "1"),
    ])
    .await?;
    app.fixture.secret("jwt-signing-key", &signing_key()?)?;
    await_kids(app.client(), 2).await?;
    let replica = app.fixture.start("user-service", user_service::build).await?;
    await_kids(&replica.client, 2).await?;
    let answer = replica.client.get("/actuator/health/readiness").await?.expect(503)?.json();
    assert_eq!(answer["components"]["signing-keys"], "DOWN", "{answer}");
    app.session().await?;
    app.service.stop().await?;
    replica.await_ready().await
}

#[tokio::test]
async fn a_file_that_is_no_key_changes_nothing_until_there_is_one() -> Result<()> {
    // With tokens that live this long, a key is published for longer every three seconds or so.
    let app = TestApp::with(&[("ECOTRACK_ACCESS_TOKEN_SECONDS", "30")]).await?;
    app.fixture.secret("jwt-signing-key", "not a key")?;
    let before = published_until(&app).await?;
    eventually(|| async {
        ensure!(published_until(&app).await? > before, "nobody publishes the key for longer");
        Ok(())
    })
    .await?;
    app.session().await?.client.get(ME).await?.expect(200)?;
    app.fixture.secret("jwt-signing-key", &signing_key()?)?;
    await_kids(app.client(), 2).await?;
    app.session().await?.client.get(ME).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn keys_may_be_kept_for_a_minute() -> Result<()> {
    let app = TestApp::start().await?;
    let answer = app.client().get(JWKS).await?.expect(200)?;
    assert_eq!(answer.header("cache-control"), "public, max-age=60");
    assert_eq!(answer.json()["keys"].as_array().map(Vec::len), Some(1));
    Ok(())
}
