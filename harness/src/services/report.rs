//! Reports of providers as anybody may send them: what they say, and the signature that they are believed by.
//!
//! Signed by code of our own: the services' would agree with itself whatever it did.

use std::time::Duration;

use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::Sha256;
use uuid::Uuid;

use super::{Call, Money};

const SIGNATURE: &str = "webhook-signature";
/// A signature is good for five minutes; this one is older on any clock.
const STALE: Duration = Duration::from_mins(10);

/// A report of `Stripe`.
#[derive(Debug, Clone)]
pub struct Report(String);

impl Report {
    /// All of a charge has gone back.
    #[must_use]
    pub fn refunded(payment_id: &str, charge: &str, total: &Money) -> Self {
        let object = json!({
            "object": "charge", "payment_intent": charge, "amount": total.minor(), "amount_refunded": total.minor(),
            "currency": total.currency().to_lowercase(), "refunded": true, "metadata": {"payment_id": payment_id},
        });
        let id = format!("evt_{}", Uuid::now_v7().simple());
        let event = json!({"id": id, "type": "charge.refunded", "data": {"object": object}});
        Self(event.to_string())
    }

    /// The report as its provider sends it now.
    pub fn signed(&self, secret: &SecretString) -> anyhow::Result<Call> {
        self.signed_with(secret, Utc::now())
    }

    /// The report as nobody may believe it, each time with what is wrong.
    pub fn forgeries(&self, secret: &SecretString) -> anyhow::Result<Vec<(&'static str, Call)>> {
        let (now, guess) = (Utc::now(), SecretString::from(Uuid::new_v4().to_string()));
        let other = Self(self.0.replace("evt_", "evt_x"));
        let borrowed = signature(secret, &other.0, now)?;
        Ok(vec![
            ("a signature by another secret", self.signed_with(&guess, now)?),
            ("a signature that is ten minutes old", self.signed_with(secret, now - STALE)?),
            ("the signature of another report", self.call().header(SIGNATURE, borrowed)),
            ("no signature", self.call()),
        ])
    }

    fn signed_with(&self, secret: &SecretString, at: DateTime<Utc>) -> anyhow::Result<Call> {
        Ok(self.call().header(SIGNATURE, signature(secret, &self.0, at)?))
    }

    fn call(&self) -> Call {
        Call::send(reqwest::Method::POST, "/api/payments/webhooks/stripe").body(&self.0)
    }
}

/// `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 over time, point and body.
fn signature(secret: &SecretString, body: &str, at: DateTime<Utc>) -> anyhow::Result<String> {
    let time = at.timestamp();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())?;
    mac.update(format!("{time}.{body}").as_bytes());
    Ok(format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_other_programs_compute() {
        // python3: hmac.new(b"whsec_one", b'1700000000.{"id":"evt_1"}', hashlib.sha256).hexdigest()
        let known = "401fbbceeb3818dc562ff77127ba1c62e47e24c9c6cde4d7a6eba85e32dbd058";
        let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let made = signature(&SecretString::from("whsec_one"), r#"{"id":"evt_1"}"#, at).unwrap();
        assert_eq!(made, format!("t=1700000000,v1={known}"));
    }

    #[test]
    fn a_forgery_says_the_same_and_no_two_are_signed_alike() {
        let secret = SecretString::from("whsec_one");
        let total = Money::parse("19.99", "USD").unwrap();
        let report = Report::refunded("p-1", "pi_1", &total);
        let genuine = report.signed(&secret).unwrap();
        let forgeries = report.forgeries(&secret).unwrap();
        let mut headers: Vec<_> = forgeries.iter().map(|(_, call)| call.headers.clone()).collect();
        headers.push(genuine.headers.clone());
        headers.sort();
        headers.dedup();
        assert_eq!(headers.len(), 5);
        assert!(forgeries.iter().all(|(_, call)| call.body == genuine.body));
    }
}
