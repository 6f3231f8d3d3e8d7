//! Tokens that are not ours, not for us, not for now, or not for anybody any more.

use anyhow::Result;
use axum::http::Method;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ecotrack_chassis::test_support::signing_key;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::helpers::{ME, Session, TestApp, without_trace};

impl Session {
    /// What its token claims.
    pub(crate) fn claims(&self) -> Result<Value> {
        let claims = self.token.split('.').nth(1).unwrap_or_default();
        Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?)
    }

    /// The header of its token.
    fn header(&self) -> Result<Header> {
        Ok(jsonwebtoken::decode_header(&self.token)?)
    }
}

impl TestApp {
    /// Signs with the service's own key.
    fn sign(&self, header: &Header, claims: &Value) -> Result<String> {
        Ok(encode(header, claims, &EncodingKey::from_ec_pem(self.key.as_bytes())?)?)
    }
}

/// Fails unless each token gets the one answer that no token gets.
async fn expect_refused(app: &TestApp, tokens: Vec<(&str, String)>) -> Result<()> {
    let none = app.client().get(ME).await?.expect_problem(401)?;
    assert_eq!(none.header("www-authenticate"), "Bearer");
    for (what, token) in tokens {
        let answer = app.client().with_token(&token).get(ME).await?.expect_problem(401)?;
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{what}");
        assert_eq!(without_trace(&answer), without_trace(&none), "{what}");
    }
    Ok(())
}

#[tokio::test]
async fn a_token_signed_here_with_the_right_claims_is_accepted() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let claims = session.claims()?;
    assert_eq!(
        claims["exp"].as_i64().zip(claims["iat"].as_i64()).map(|(exp, iat)| exp - iat),
        Some(900)
    );
    assert_eq!(session.header()?.typ.as_deref(), Some("at+jwt"));
    let token = app.sign(&session.header()?, &claims)?;
    app.client().with_token(&token).get(ME).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn another_algorithm_is_refused_whatever_the_header_says() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let (claims, kid) = (session.claims()?, session.header()?.kid);
    let payload = URL_SAFE_NO_PAD.encode(claims.to_string());
    let jwks = app.client().get("/.well-known/jwks.json").await?.text;
    let unsigned = |alg: &str| {
        let header = json!({"alg": alg, "typ": "at+jwt", "kid": kid}).to_string();
        format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header))
    };
    let header = Header { kid: kid.clone(), ..Header::new(Algorithm::HS256) };
    let symmetric = |secret: &[u8]| encode(&header, &claims, &EncodingKey::from_secret(secret));
    let (head, _) = session.token.rsplit_once('.').unwrap_or_default();
    expect_refused(
        &app,
        vec![
            ("none", unsigned("none")),
            ("NONE", unsigned("NONE")),
            ("ES256 without a signature", unsigned("ES256")),
            ("the public key as a shared secret", symmetric(jwks.as_bytes())?),
            ("an empty shared secret", symmetric(b"")?),
            ("a zero signature", format!("{head}.{}", URL_SAFE_NO_PAD.encode([0; 64]))),
        ],
    )
    .await
}

#[tokio::test]
async fn keys_that_a_token_brings_along_are_ignored() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let claims = session.claims()?;
    let theirs = EncodingKey::from_ec_pem(signing_key()?.as_bytes())?;
    let mut tokens = Vec::new();
    let kid = session.header()?.kid;
    let forge = |header: &Header| encode(header, &claims, &theirs);
    tokens.push((
        "our key id",
        forge(&Header { kid: kid.clone(), ..Header::new(Algorithm::ES256) })?,
    ));
    let jku = Some("https://attacker.example/jwks.json".to_owned());
    let header =
        Header { kid: kid.clone(), jku: jku.clone(), x5u: jku, ..Header::new(Algorithm::ES256) };
    tokens.push(("jku and x5u", forge(&header)?));
    let jwk = jsonwebtoken::jwk::Jwk::from_encoding_key(&theirs, Algorithm::ES256)?;
    let header = Header { kid, jwk: Some(jwk), ..Header::new(Algorithm::ES256) };
    tokens.push(("jwk", forge(&header)?));
    for id in ["", "../../dev/null", "' or '1'='1", "\u{0}"] {
        let header = Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::ES256) };
        tokens.push(("a key id of their own", forge(&header)?));
        tokens.push(("our key under another id", app.sign(&header, &claims)?));
    }
    expect_refused(&app, tokens).await
}

#[tokio::test]
async fn a_token_for_others_for_another_time_or_without_what_it_must_say_is_refused() -> Result<()>
{
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let (claims, header) = (session.claims()?, session.header()?);
    let now = chrono::Utc::now().timestamp();
    let with = |field: &str, value: Value| {
        let mut claims = claims.clone();
        claims[field] = value;
        app.sign(&header, &claims)
    };
    let without = |field: &str| {
        let mut claims = claims.clone();
        claims.as_object_mut().map(|fields| fields.remove(field));
        app.sign(&header, &claims)
    };
    expect_refused(
        &app,
        vec![
            ("another audience", with("aud", json!("elsewhere"))?),
            ("another issuer", with("iss", json!("https://attacker.example"))?),
            ("expired", with("exp", json!(now - 10))?),
            ("not yet valid", with("nbf", json!(now + 60))?),
            ("no expiry", without("exp")?),
            ("no subject", without("sub")?),
            ("no audience", without("aud")?),
            ("no issuer", without("iss")?),
            ("no session", without("sid")?),
            ("nonsense", "nonsense".to_owned()),
        ],
    )
    .await
}

#[tokio::test]
async fn a_token_of_a_session_that_never_was_opens_nothing() -> Result<()> {
    let app = TestApp::start().await?;
    let (ann, bob) = (app.session().await?, app.session().await?);
    let (mut claims, header) = (ann.claims()?, ann.header()?);
    claims["sub"] = json!(bob.user_id);
    let token = app.sign(&header, &claims)?;
    app.client().with_token(&token).get(ME).await?.expect_problem(404)?;
    Ok(())
}

#[tokio::test]
async fn a_token_counts_in_one_place_only() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let query = format!("{ME}?access_token={}", session.token);
    app.client().get(&query).await?.expect_problem(401)?;
    let twice = session.client.request(Method::GET, ME)?;
    let twice = twice.header("authorization", format!("Bearer {}", session.token));
    session.client.send(twice).await?.expect_problem(400)?;
    Ok(())
}
