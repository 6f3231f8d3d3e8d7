//! Who is calling: access tokens, verified with the keys user-service publishes.

mod caller;
mod keys;
mod token;
mod verifier;

pub use caller::{Admin, Caller};
pub use keys::{Jwk, JwkSet};
pub use token::{ALGORITHM, AUDIENCE, Claims, ISSUER, Token};
pub use verifier::{AuthError, Freshness, Verifier};
