//! Which tokens are believed.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ecotrack_chassis::{
    auth::{AuthError, Claims, Freshness, Verifier},
    test_support::{Issuer, eventually},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::Instant};
use url::Url;
use uuid::Uuid;

/// A verifier and the issuer it believes.
async fn surroundings() -> Result<(Verifier, Issuer)> {
    let issuer = Issuer::start().await?;
    Ok((Verifier::remote(issuer.url.clone())?, issuer))
}

fn claims(issuer: &Issuer) -> Claims {
    issuer.claims(Uuid::now_v7(), &["customer"])
}

#[tokio::test]
async fn a_valid_token_is_believed_under_both_names_of_its_type() -> Result<()> {
    let (verifier, issuer) = surroundings().await?;
    for kind in ["JWT", "at+jwt", "AT+JWT"] {
        let header = Header { typ: Some(kind.to_owned()), ..issuer.header() };
        let token = issuer.sign_with(&header, &claims(&issuer))?;
        assert!(verifier.verify(&token).await.is_ok(), "{kind}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_for_somebody_else_or_another_time_is_refused() -> Result<()> {
    let (verifier, issuer) = surroundings().await?;
    let now = chrono::Utc::now().timestamp();
    let wrong: [(&str, Value); 8] = [
        ("iss", json!("https://elsewhere.example")),
        ("aud", json!("another")),
        ("exp", json!(now - 6)),
        ("nbf", json!(now + 60)),
        ("exp", Value::Null),
        ("nbf", Value::Null),
        ("sub", json!("not-an-id")),
        ("roles", Value::Null),
    ];
    for (claim, value) in wrong {
        let mut claims = serde_json::to_value(claims(&issuer))?;
        claims[claim] = value.clone();
        let token = issuer.sign_with(&issuer.header(), &claims)?;
        let refused = verifier.verify(&token).await;
        assert!(matches!(refused, Err(AuthError::Invalid(_))), "{claim} = {value}: {refused:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_of_another_kind_is_refused() -> Result<()> {
    let (verifier, issuer) = surroundings().await?;
    for kind in [None, Some("id+jwt"), Some("refresh+jwt"), Some("")] {
        let header = Header { typ: kind.map(str::to_owned), ..issuer.header() };
        let token = issuer.sign_with(&header, &claims(&issuer))?;
        assert!(matches!(verifier.verify(&token).await, Err(AuthError::OtherKind)), "{kind:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_that_asks_for_an_extension_we_do_not_know_is_refused() -> Result<()> {
    let (verifier, issuer) = surroundings().await?;
    let crit = Some(vec!["exp".to_owned()]);
    let token = issuer.sign_with(&Header { crit, ..issuer.header() }, &claims(&issuer))?;
    assert!(matches!(verifier.verify(&token).await, Err(AuthError::OtherKind)));
    Ok(())
}

#[tokio::test]
async fn a_forged_signature_is_refused_however_it_is_forged() -> Result<()> {
    let (verifier, issuer) = surroundings().await?;
    let claims = claims(&issuer);
    let good = issuer.sign(&claims)?;
    ensure!(verifier.verify(&good).await.is_ok(), "the twin is refused");
    let kid = issuer.header().kid;
    let public = serde_json::to_vec(&issuer.keys())?;
    let with_public_key = Header { alg: Algorithm::HS256, kid: kid.clone(), ..Header::default() };
    let confused = encode(&with_public_key, &claims, &EncodingKey::from_secret(&public))?;
    let body = good.split('.').nth(1).unwrap_or_default();
    let unsigned = |alg: &str| {
        let header = json!({"alg": alg, "typ": "JWT", "kid": kid}).to_string();
        format!("{}.{body}.", URL_SAFE_NO_PAD.encode(header))
    };
    let other = Issuer::start().await?;
    let stolen_kid = other.sign_with(&issuer.header(), &claims)?;
    let cut = good.rsplit_once('.').map_or("", |(signed, _)| signed).to_owned() + ".";
    for forged in [confused, unsigned("none"), unsigned("None"), stolen_kid, cut, String::new()] {
        assert!(verifier.verify(&forged).await.is_err(), "{forged}");
    }
    Ok(())
}

#[tokio::test]
async fn a_key_that_the_token_brings_along_or_points_to_is_never_used() -> Result<()> {
    let (verifier, issuer) = surroundings().await?;
    let attacker = Issuer::start().await?;
    let before = attacker.fetches();
    let address = attacker.url.join("/.well-known/jwks.json")?.to_string();
    let brought = attacker.keys().and_then(|set| set.keys.into_iter().next());
    let header = Header {
        jku: Some(address.clone()),
        x5u: Some(address),
        jwk: brought,
        ..attacker.header()
    };
    let foreign = attacker.sign_with(&header, &claims(&issuer))?;
    assert!(matches!(verifier.verify(&foreign).await, Err(AuthError::UnknownKey)));
    let traversal = Header { kid: Some("../../../../dev/null".to_owned()), ..attacker.header() };
    let traversal = attacker.sign_with(&traversal, &claims(&issuer))?;
    assert!(matches!(verifier.verify(&traversal).await, Err(AuthError::UnknownKey)));
    assert_eq!(attacker.fetches(), before, "the attacker's keys were fetched");
    Ok(())
}

#[tokio::test]
async fn key_ids_that_are_made_up_do_not_make_a_storm_of_fetches() -> Result<()> {
    let (verifier, issuer) = surroundings().await?;
    for index in 0..50 {
        let header = Header { kid: Some(format!("made-up-{index}")), ..issuer.header() };
        let token = issuer.sign_with(&header, &claims(&issuer))?;
        assert!(matches!(verifier.verify(&token).await, Err(AuthError::UnknownKey)));
    }
    assert_eq!(issuer.fetches(), 1);
    Ok(())
}

const FRESH: Freshness =
    Freshness { max_age: Duration::from_millis(200), cooldown: Duration::from_millis(50) };

#[tokio::test]
async fn a_new_key_is_believed_and_the_retired_one_no_longer() -> Result<()> {
    let mut issuer = Issuer::start().await?;
    let verifier = Verifier::remote_with(issuer.url.clone(), FRESH)?;
    let old = issuer.token(Uuid::now_v7(), &[])?;
    ensure!(verifier.verify(&old).await.is_ok(), "the twin is refused");
    issuer.rotate()?;
    let new = issuer.token(Uuid::now_v7(), &[])?;
    eventually(|| async { Ok(verifier.verify(&new).await.map(drop)?) }).await?;
    assert!(matches!(verifier.verify(&old).await, Err(AuthError::UnknownKey)));
    Ok(())
}

#[tokio::test]
async fn a_retired_key_is_refused_even_when_nobody_uses_the_new_one() -> Result<()> {
    let mut issuer = Issuer::start().await?;
    let verifier = Verifier::remote_with(issuer.url.clone(), FRESH)?;
    let old = issuer.token(Uuid::now_v7(), &[])?;
    ensure!(verifier.verify(&old).await.is_ok(), "the twin is refused");
    issuer.rotate()?;
    eventually(|| async {
        ensure!(verifier.verify(&old).await.is_err(), "still believed");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_retired_key_is_refused_at_once_when_nobody_asked_for_long() -> Result<()> {
    let mut issuer = Issuer::start().await?;
    // Keys are too old as soon as they are there.
    let freshness = Freshness { max_age: Duration::ZERO, cooldown: Duration::ZERO };
    let verifier = Verifier::remote_with(issuer.url.clone(), freshness)?;
    let old = issuer.token(Uuid::now_v7(), &[])?;
    ensure!(verifier.verify(&old).await.is_ok(), "the twin is refused");
    issuer.rotate()?;
    assert!(matches!(verifier.verify(&old).await, Err(AuthError::UnknownKey)));
    Ok(())
}

#[tokio::test]
async fn while_the_issuer_is_away_the_keys_at_hand_stay_in_use() -> Result<()> {
    let issuer = Issuer::start().await?;
    let verifier = Verifier::remote_with(issuer.url.clone(), FRESH)?;
    let token = issuer.token(Uuid::now_v7(), &[])?;
    ensure!(verifier.verify(&token).await.is_ok(), "the twin is refused");
    issuer.go_away();
    let before = issuer.fetches();
    eventually(|| async {
        ensure!(verifier.verify(&token).await.is_ok(), "refused");
        ensure!(issuer.fetches() > before, "the keys were not asked for again");
        Ok(())
    })
    .await?;
    assert!(verifier.verify(&token).await.is_ok());
    Ok(())
}

#[tokio::test]
async fn while_the_issuer_hangs_a_known_key_is_believed_at_once_and_an_unknown_one_soon_refused()
-> Result<()> {
    let (issuer, stranger) = (Issuer::start().await?, Issuer::start().await?);
    // Takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let address = Url::parse(&format!("http://{}", silent.local_addr()?))?;
    let verifier = Verifier::remote_with(address, FRESH)?;
    verifier.set_keys(&issuer.keys().context("no keys")?);
    let known = issuer.token(Uuid::now_v7(), &[])?;
    let unknown = stranger.token(Uuid::now_v7(), &[])?;
    for _ in 0..3 {
        let started = Instant::now();
        ensure!(verifier.verify(&known).await.is_ok(), "refused");
        ensure!(started.elapsed() < Duration::from_millis(500), "after {:?}", started.elapsed());
    }
    let started = Instant::now();
    assert!(matches!(verifier.verify(&unknown).await, Err(AuthError::UnknownKey)));
    ensure!(started.elapsed() < Duration::from_secs(2), "after {:?}", started.elapsed());
    Ok(())
}

#[tokio::test]
async fn without_keys_nothing_is_said_about_any_token() -> Result<()> {
    let issuer = Issuer::start().await?;
    issuer.go_away();
    let verifier = Verifier::remote(issuer.url.clone())?;
    let token = issuer.token(Uuid::now_v7(), &[])?;
    assert!(matches!(verifier.verify(&token).await, Err(AuthError::NoKeys)));
    Ok(())
}
