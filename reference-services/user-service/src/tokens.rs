//! Access tokens: what they claim and how long. Refresh tokens: what they look like and how they are kept.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ecotrack_chassis::auth::{AUDIENCE, Claims, ISSUER};
use rand::{TryRngCore as _, rngs::OsRng};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// How long an access token lives at most. Long enough for a visit, short enough for a stolen one.
pub(crate) const MAX_LIFETIME: Duration = Duration::from_mins(15);
/// Random bytes of a refresh token.
const ENTROPY: usize = 32;

/// What a token issued now says.
pub(crate) fn claims(
    user_id: Uuid,
    session_id: Uuid,
    roles: Vec<String>,
    now: DateTime<Utc>,
    lifetime: Duration,
) -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: user_id,
        exp: (now + lifetime).timestamp(),
        nbf: now.timestamp(),
        iat: now.timestamp(),
        jti: Uuid::new_v4(),
        sid: session_id,
        roles,
    }
}

/// A refresh token: random, and worth a session, so only its digest is kept.
pub(crate) struct RefreshToken(SecretString);

impl RefreshToken {
    /// A new one, from the system's own source of randomness.
    pub(crate) fn generate() -> anyhow::Result<Self> {
        let mut bytes = [0; ENTROPY];
        OsRng.try_fill_bytes(&mut bytes)?;
        Ok(Self(SecretString::from(URL_SAFE_NO_PAD.encode(bytes))))
    }

    /// One that somebody shows. Whether it is one of ours, only its digest can tell.
    pub(crate) fn shown(text: SecretString) -> Self {
        Self(text)
    }

    /// What is kept of it. It is random: no salt, no slow hash could make it harder to guess.
    pub(crate) fn digest(&self) -> Vec<u8> {
        Sha256::digest(self.0.expose_secret()).to_vec()
    }

    /// The token itself, for its owner.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refresh_tokens_are_long_and_never_the_same() {
        let (one, two) = (RefreshToken::generate().unwrap(), RefreshToken::generate().unwrap());
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one.digest(), two.digest());
    }
}
