//! Access tokens as a stranger checks them: by the published keys and nothing else.

use anyhow::{Context, Result, ensure};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

/// Who signs.
const ISSUER: &str = "https://api.ecotrack.platform.dev";

/// What a token says of its bearer.
#[derive(Debug, Clone, Deserialize)]
pub struct Claims {
    /// The user's id.
    pub sub: String,
}

/// Reads a token that one of the published keys signed with ES256 for this audience.
pub fn verify(token: &SecretString, published: &Value, audience: &str) -> Result<Claims> {
    let token = token.expose_secret();
    let keys: JwkSet =
        serde_json::from_value(published.clone()).context("the published keys are no key set")?;
    let header = decode_header(token).context("the token has no readable header")?;
    ensure!(
        header.alg == Algorithm::ES256,
        "expected a token signed with ES256, but saw {:?}",
        header.alg
    );
    let id = header.kid.context("the token names no key")?;
    let key = keys
        .find(&id)
        .with_context(|| format!("the token names key {id}, which is not published"))?;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[audience]);
    let genuine = decode::<Claims>(token, &DecodingKey::from_jwk(key)?, &validation)
        .context("the token does not verify")?;
    Ok(genuine.claims)
}

/// Tokens that a forger could make: the genuine one with another signature, without one, and plain nonsense.
#[must_use]
pub fn forgeries(genuine: &SecretString) -> Vec<(&'static str, SecretString)> {
    let mut parts = genuine.expose_secret().splitn(3, '.');
    let (header, claims) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    // {"alg":"none","typ":"JWT"}
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let zeros = "A".repeat(86);
    [
        ("another signature", format!("{header}.{claims}.{zeros}")),
        ("no signature", format!("{unsigned}.{claims}.")),
        ("nonsense", "nonsense".to_owned()),
    ]
    .map(|(what, token)| (what, SecretString::from(token)))
    .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    // A key pair made for this test alone.
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\nOF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n-----END PRIVATE KEY-----\n";

    fn published() -> Value {
        json!({"keys": [{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1",
            "x": "EVs_o5-uQbTjL3chynL4wXgUg2R9q9UU8I5mEovUf84", "y": "kGe5DgSIycKp8w9aJmoHhB1sB3QTugfnRWm5nU_TzsY"}]})
    }

    fn token(kid: &str, audience: &str) -> SecretString {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(Algorithm::ES256) };
        let claims =
            json!({"sub": "u-1", "iss": ISSUER, "aud": audience, "exp": 4_000_000_000_u64});
        encode(&header, &claims, &EncodingKey::from_ec_pem(PRIVATE.as_bytes()).unwrap())
            .unwrap()
            .into()
    }

    #[test]
    fn a_genuine_token_tells_its_bearer() {
        assert_eq!(verify(&token("k1", "ecotrack"), &published(), "ecotrack").unwrap().sub, "u-1");
    }

    #[test]
    fn a_token_for_others_or_of_an_unpublished_key_is_refused() {
        assert!(verify(&token("k1", "elsewhere"), &published(), "ecotrack").is_err());
        assert!(
            verify(&token("k2", "ecotrack"), &published(), "ecotrack")
                .unwrap_err()
                .to_string()
                .contains("not published")
        );
    }

    #[test]
    fn every_forgery_is_refused() {
        for (what, forged) in forgeries(&token("k1", "ecotrack")) {
            assert!(verify(&forged, &published(), "ecotrack").is_err(), "{what}");
        }
    }
}
