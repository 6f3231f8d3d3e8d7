//! The signature itself.

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

type HmacSha256 = Hmac<Sha256>;

/// HMAC-SHA256 over `<time>.<body>`.
pub(crate) fn of(secret: &SecretString, time: i64, body: &[u8]) -> Vec<u8> {
    computed(secret, time, body).map_or_else(Vec::new, |mac| mac.finalize().into_bytes().to_vec())
}

/// Whether a signature is what the secret makes of time and body. An empty secret signs nothing.
pub(crate) fn is_valid(secret: &SecretString, time: i64, body: &[u8], signature: &[u8]) -> bool {
    computed(secret, time, body).is_some_and(|mac| mac.verify_slice(signature).is_ok())
}

fn computed(secret: &SecretString, time: i64, body: &[u8]) -> Option<HmacSha256> {
    let secret = secret.expose_secret();
    if secret.is_empty() {
        return None;
    }
    let mut mac = HmacSha256::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(time.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    Some(mac)
}
