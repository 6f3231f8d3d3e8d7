//! The keys of tokens, and their change.

use anyhow::{Result, ensure};
use ecotrack_chassis::test_support::{eventually, signing_key};
use serde_json::Value;

use crate::helpers::TestApp;

const JWKS: &str = "/.well-known/jwks.json";

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
    eventually(|| async {
        let keys = app.client().get(JWKS).await?.json();
        ensure!(keys["keys"].as_array().map(Vec::len) == Some(2), "{keys}");
        Ok(())
    })
    .await?;
    let after = app.session().await?;
    before.client.get("/api/users/me").await?.expect(200)?;
    after.client.get("/api/users/me").await?.expect(200)?;
    let first: Value = app.client().get(JWKS).await?.json()["keys"][0].clone();
    let header = jsonwebtoken::decode_header(&after.token)?;
    assert_eq!(header.kid.as_deref(), first["kid"].as_str());
    Ok(())
}
