//! An issuer of tokens, for services that only verify them.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::Context as _;
use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use chrono::Utc;
use jsonwebtoken::{EncodingKey, Header, encode, jwk::ThumbprintHash};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
use serde::Serialize;
use url::Url;
use uuid::Uuid;

use crate::auth::{ALGORITHM, AUDIENCE, Claims, ISSUER, Jwk, JwkSet};

/// Lifetime of its tokens, in seconds.
const LIFETIME: i64 = 900;

/// A new signing key, as the platform mounts it.
pub fn signing_key() -> anyhow::Result<String> {
    Ok(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?.serialize_pem())
}

/// Publishes a key and signs with it.
pub struct Issuer {
    /// Where the key is published.
    pub url: Url,
    key: EncodingKey,
    kid: String,
    published: Arc<Published>,
}

/// What the issuer shows, and how often it was asked.
#[derive(Default)]
struct Published {
    keys: Mutex<Option<JwkSet>>,
    fetches: AtomicUsize,
}

impl Issuer {
    /// Starts publishing a new key.
    pub async fn start() -> anyhow::Result<Self> {
        let published = Arc::<Published>::default();
        let routes = Router::new()
            .route("/.well-known/jwks.json", get(publish))
            .with_state(Arc::clone(&published));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let (key, kid) = (EncodingKey::from_ec_pem(signing_key()?.as_bytes())?, String::new());
        let mut issuer = Self { url, key, kid, published };
        issuer.rotate()?;
        Ok(issuer)
    }

    /// Signs with a new key from now on and publishes it alone: the one before is retired.
    pub fn rotate(&mut self) -> anyhow::Result<()> {
        self.key = EncodingKey::from_ec_pem(signing_key()?.as_bytes())?;
        let mut public = Jwk::from_encoding_key(&self.key, ALGORITHM)?;
        self.kid = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(self.kid.clone());
        self.publish(Some(JwkSet { keys: vec![public] }));
        Ok(())
    }

    /// Publishes nothing any more: it answers with an error.
    pub fn go_away(&self) {
        self.publish(None);
    }

    /// The keys as it publishes them; none while it is away.
    #[must_use]
    pub fn keys(&self) -> Option<JwkSet> {
        self.published.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often it was asked for its keys.
    #[must_use]
    pub fn fetches(&self) -> usize {
        self.published.fetches.load(Ordering::Relaxed)
    }

    /// A header as its tokens have it.
    #[must_use]
    pub fn header(&self) -> Header {
        let mut header = Header::new(ALGORITHM);
        header.kid = Some(self.kid.clone());
        header
    }

    fn publish(&self, keys: Option<JwkSet>) {
        *self.published.keys.lock().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    /// What a valid token of a user says.
    #[must_use]
    pub fn claims(&self, user_id: Uuid, roles: &[&str]) -> Claims {
        let now = Utc::now().timestamp();
        Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: user_id,
            exp: now + LIFETIME,
            nbf: now,
            iat: now,
            jti: Uuid::new_v4(),
            sid: Uuid::new_v4(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        }
    }

    /// Signs what a token says, valid or not.
    pub fn sign(&self, claims: &Claims) -> anyhow::Result<String> {
        self.sign_with(&self.header(), claims)
    }

    /// Signs with its key what any header and any claims say.
    pub fn sign_with(&self, header: &Header, claims: &impl Serialize) -> anyhow::Result<String> {
        encode(header, claims, &self.key).context("cannot sign")
    }

    /// A valid token.
    pub fn token(&self, user_id: Uuid, roles: &[&str]) -> anyhow::Result<String> {
        self.sign(&self.claims(user_id, roles))
    }
}

async fn publish(State(published): State<Arc<Published>>) -> Result<Json<JwkSet>, StatusCode> {
    published.fetches.fetch_add(1, Ordering::Relaxed);
    let keys = published.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
    keys.map(Json).ok_or(StatusCode::INTERNAL_SERVER_ERROR)
}
