//! The access token: what it claims, and the text that is passed on.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who issues access tokens.
pub const ISSUER: &str = "https://api.ecotrack.platform.dev";
/// Whom they are for.
pub const AUDIENCE: &str = "ecotrack";
/// The only signature algorithm we know.
pub const ALGORITHM: jsonwebtoken::Algorithm = jsonwebtoken::Algorithm::ES256;

/// What an access token says. Times are seconds since 1970.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer, always [`ISSUER`].
    pub iss: String,
    /// Audience, always [`AUDIENCE`].
    pub aud: String,
    /// The user.
    pub sub: Uuid,
    /// When it ends.
    pub exp: i64,
    /// When it begins.
    pub nbf: i64,
    /// When it was issued.
    pub iat: i64,
    /// Its own id.
    pub jti: Uuid,
    /// The session it belongs to.
    pub sid: Uuid,
    /// What the user may do, for example `customer` or `admin`.
    pub roles: Vec<String>,
}

/// The token as it came, to pass on to another service on the user's behalf.
#[derive(Clone)]
pub struct Token(SecretString);

impl Token {
    /// Wraps the token's text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The token's text.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}
