//! An issuer of tokens, for services that only verify them.

use anyhow::Context as _;
use axum::{Json, Router, routing::get};
use chrono::Utc;
use jsonwebtoken::{EncodingKey, Header, encode, jwk::ThumbprintHash};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256};
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
}

impl Issuer {
    /// Starts publishing a new key.
    pub async fn start() -> anyhow::Result<Self> {
        let key = EncodingKey::from_ec_pem(signing_key()?.as_bytes())?;
        let mut public = Jwk::from_encoding_key(&key, ALGORITHM)?;
        let kid = public.thumbprint(ThumbprintHash::SHA256)?;
        public.common.key_id = Some(kid.clone());
        let set = JwkSet { keys: vec![public] };
        let routes =
            Router::new().route("/.well-known/jwks.json", get(async move || Json(set.clone())));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(Self { url, key, kid })
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
        let mut header = Header::new(ALGORITHM);
        header.kid = Some(self.kid.clone());
        encode(&header, claims, &self.key).context("cannot sign")
    }

    /// A valid token.
    pub fn token(&self, user_id: Uuid, roles: &[&str]) -> anyhow::Result<String> {
        self.sign(&self.claims(user_id, roles))
    }
}
