//! The signing key: read from its mounted file, read again when it changes, published as a key set.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use arc_swap::ArcSwap;
use ecotrack_chassis::{
    auth::{ALGORITHM, Jwk, JwkSet, Verifier},
    config::Secrets,
    workers::{Progress, Workers},
};
use jsonwebtoken::{
    EncodingKey,
    jwk::{KeyAlgorithm, PublicKeyUse, ThumbprintHash},
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::tokens;

/// Name of the secret: PKCS#8 PEM of a P-256 key.
const SECRET: &str = "jwt-signing-key";
/// How often the file is looked at.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// A key to sign with, and its public half.
struct SigningKey {
    pem: SecretString,
    key: EncodingKey,
    kid: String,
    public: Jwk,
}

/// The current key, and earlier ones for as long as a token of theirs may live.
struct Keys {
    current: SigningKey,
    retired: Vec<(Jwk, Instant)>,
}

/// The keys of this service. Cheap to clone.
#[derive(Clone)]
pub(crate) struct KeyRing {
    keys: Arc<ArcSwap<Keys>>,
}

impl KeyRing {
    /// Reads the key and starts the task that follows its file.
    pub(crate) fn start(
        secrets: Secrets,
        verifier: Verifier,
        workers: &Workers,
    ) -> anyhow::Result<Self> {
        let current = SigningKey::parse(secrets.read(SECRET)?)?;
        let ring =
            Self { keys: Arc::new(ArcSwap::from_pointee(Keys { current, retired: Vec::new() })) };
        verifier.set_keys(&ring.public());
        let watched = ring.clone();
        workers.repeat("signing-key", WATCH_INTERVAL, move || {
            let outcome = watched.follow(&secrets, &verifier);
            async { outcome }
        });
        Ok(ring)
    }

    /// All keys whose tokens may still be valid.
    pub(crate) fn public(&self) -> JwkSet {
        let keys = self.keys.load();
        let retired = keys.retired.iter().map(|(key, _)| key.clone());
        JwkSet { keys: std::iter::once(keys.current.public.clone()).chain(retired).collect() }
    }

    /// Signs with the current key.
    pub(crate) fn sign(&self, claims: &impl serde::Serialize) -> anyhow::Result<String> {
        let keys = self.keys.load();
        let mut header = jsonwebtoken::Header::new(ALGORITHM);
        header.kid = Some(keys.current.kid.clone());
        jsonwebtoken::encode(&header, claims, &keys.current.key).context("cannot sign a token")
    }

    /// Takes over a changed key and forgets those that are past their time.
    fn follow(&self, secrets: &Secrets, verifier: &Verifier) -> anyhow::Result<Progress> {
        let found = secrets.read(SECRET)?;
        let keys = self.keys.load();
        let is_new = found.expose_secret() != keys.current.pem.expose_secret();
        let now = Instant::now();
        let mut retired: Vec<_> =
            keys.retired.iter().filter(|(_, until)| *until > now).cloned().collect();
        if !is_new && retired.len() == keys.retired.len() {
            return Ok(Progress::Idle);
        }
        if is_new {
            retired.push((keys.current.public.clone(), now + tokens::LIFETIME));
            tracing::info!("a new signing key is in use");
        }
        let current = SigningKey::parse(found)?;
        self.keys.store(Arc::new(Keys { current, retired }));
        verifier.set_keys(&self.public());
        Ok(Progress::Idle)
    }
}

impl SigningKey {
    fn parse(pem: SecretString) -> anyhow::Result<Self> {
        let key = EncodingKey::from_ec_pem(pem.expose_secret().as_bytes())
            .with_context(|| format!("secret {SECRET} is not a P-256 key in PKCS#8 PEM"))?;
        let mut public = Jwk::from_encoding_key(&key, ALGORITHM)
            .with_context(|| format!("secret {SECRET} has no public half"))?;
        let kid = public.thumbprint(ThumbprintHash::SHA256).context("the key has no thumbprint")?;
        public.common.key_id = Some(kid.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        public.common.key_algorithm = Some(KeyAlgorithm::ES256);
        Ok(Self { pem, key, kid, public })
    }
}
