//! Customers with accounts, and tokens for them.

use anyhow::{Context as _, ensure};
use chrono::{TimeDelta, Utc};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    jwk::{Jwk, ThumbprintHash},
};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

/// Role of whoever buys.
pub const CUSTOMER: &str = "customer";
/// Role of whoever keeps the catalogue.
pub const ADMIN: &str = "admin";
const ISSUER: &str = "https://api.ecotrack.platform.dev";
const AUDIENCE: &str = "ecotrack";
const ALGORITHM: Algorithm = Algorithm::ES256;
/// Lifetime of tokens made here: longer than any lane.
const LIFETIME: TimeDelta = TimeDelta::hours(4);
const PASSWORD: &str = "correct-horse-battery";

/// A customer who can place orders.
#[derive(Debug, Clone)]
pub struct Customer {
    /// Their id.
    pub user_id: Uuid,
    /// Their session, which lives until they log out.
    pub session_id: Uuid,
    /// Their address.
    pub email: String,
    /// Their access token.
    pub token: String,
}

/// Makes customers.
#[derive(Clone)]
pub struct Accounts {
    http: reqwest::Client,
    base: Url,
    key: EncodingKey,
    kid: String,
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Accounts")
    }
}

impl Accounts {
    pub(crate) fn new(http: reqwest::Client, base: Url, pem: &str) -> anyhow::Result<Self> {
        let key = EncodingKey::from_ec_pem(pem.as_bytes()).context("not a signing key")?;
        let kid = Jwk::from_encoding_key(&key, ALGORITHM)?.thumbprint(ThumbprintHash::SHA256)?;
        Ok(Self { http, base, key, kid })
    }

    /// A customer who registers and logs in like anybody else.
    pub async fn register(&self) -> anyhow::Result<Customer> {
        let email = format!("{}@stack.ecotrack.dev", Uuid::new_v4().simple());
        let form = json!({"email": email, "password": PASSWORD, "first_name": "Ada", "last_name": "Lovelace"});
        self.post("/api/users/register", &form).await.context("cannot register")?;
        let session = self.log_in(&email).await.context("cannot log in")?;
        let id = |field: &str| -> anyhow::Result<Uuid> {
            Ok(session[field].as_str().with_context(|| format!("no {field}"))?.parse()?)
        };
        let (user_id, session_id) = (id("user_id")?, id("session_id")?);
        let token = self.token(user_id, session_id, &[CUSTOMER])?;
        Ok(Customer { user_id, session_id, email, token })
    }

    /// Logs in whoever registered with an address, from somewhere else each time.
    pub async fn log_in(&self, email: &str) -> anyhow::Result<Value> {
        self.post("/api/users/login", &json!({"email": email, "password": PASSWORD})).await
    }

    /// A token for somebody, signed with the issuer's own key.
    pub fn token(&self, user_id: Uuid, session_id: Uuid, roles: &[&str]) -> anyhow::Result<String> {
        let now = Utc::now();
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": user_id, "roles": roles,
            "exp": (now + LIFETIME).timestamp(), "nbf": now.timestamp(), "iat": now.timestamp(),
            "jti": Uuid::new_v4(), "sid": session_id,
        });
        let mut header = Header::new(ALGORITHM);
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, &claims, &self.key).context("cannot sign a token")
    }

    async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        // Each from an address of their own: attempts are limited by address.
        let [a, b, c, ..] = *Uuid::new_v4().as_bytes();
        let answer = self
            .http
            .post(self.base.join(path)?)
            .header("x-forwarded-for", format!("10.{a}.{b}.{c}"))
            .json(body)
            .send()
            .await?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(status.is_success(), "{status}: {text}");
        Ok(serde_json::from_str(&text)?)
    }
}
