//! One signing key: the private half that signs and the public half that is published.

use anyhow::Context as _;
use ecotrack_chassis::auth::{ALGORITHM, Claims, Jwk};
use jsonwebtoken::{
    EncodingKey, Header,
    jwk::{KeyAlgorithm, PublicKeyUse, ThumbprintHash},
};
use secrecy::{ExposeSecret as _, SecretString};

/// Name of the secret: PKCS#8 PEM of a P-256 key.
pub(super) const SECRET: &str = "jwt-signing-key";
/// Kind of the token, so that a token made for something else with the same key is not taken for one (RFC 9068).
const TYPE: &str = "at+jwt";

/// A key to sign with, and its public half.
pub(super) struct SigningKey {
    pem: SecretString,
    key: EncodingKey,
    pub(super) kid: String,
    pub(super) public: Jwk,
}

impl SigningKey {
    pub(super) fn parse(pem: SecretString) -> anyhow::Result<Self> {
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

    /// Whether this is the key of the secret.
    pub(super) fn is_of(&self, pem: &SecretString) -> bool {
        self.pem.expose_secret() == pem.expose_secret()
    }

    pub(super) fn sign(&self, claims: &Claims) -> anyhow::Result<String> {
        let mut header = Header::new(ALGORITHM);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.key).context("cannot sign a token")
    }
}
