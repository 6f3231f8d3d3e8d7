//! Passwords and keys: what the cluster has is kept, what is missing is drawn at random.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;
use rand::distr::Alphanumeric;
use serde_json::{Map, Value, json};

use super::existing::Existing;
use super::secret;
use crate::error::InstallError;
use crate::manifest::Object;
use crate::pki::new_signing_key;

const OPAQUE: &str = "Opaque";
const PASSWORD_LENGTH: usize = 32;
/// The key of OpenBao's static seal is an AES-256 key.
const SEAL_KEY_BYTES: usize = 32;
const SERVICES: [&str; 5] =
    ["user-service", "product-service", "order-service", "payment-service", "notification-service"];
/// Signs its webhooks with copies of what payment and notification check them with.
const SANDBOX: &str = "provider-sandbox";
const FIRST_VALUES: (&str, &str) = ("openbao", "openbao-first-values");
/// What the names of secrets that sign webhooks end with.
const WEBHOOK_SECRET: &str = "-webhook-secret";
/// A webhook secret is shown by its provider with this prefix.
const WEBHOOK_PREFIX: &str = "whsec_";

/// All Secrets with passwords and keys.
pub(super) fn wanted(existing: &Existing) -> Result<Vec<Object>, InstallError> {
    let openbao = password(existing, "data", "postgres-auth", "openbao");
    let sandbox = password(existing, "data", "postgres-auth", "provider-sandbox");
    let redis = password(existing, "data", "redis-auth", "password");
    let users: Vec<(&str, String)> = ["admin", "conformance"]
        .into_iter()
        .chain(SERVICES)
        .map(|user| (user, password(existing, "data", "kafka-users", user)))
        .collect();
    let kafka = |user: &str| {
        users
            .iter()
            .find(|(name, _)| *name == user)
            .map(|(_, password)| password.as_bytes())
            .unwrap_or_default()
    };
    let seal = existing.bytes("openbao", "openbao-unseal", "key").unwrap_or_else(random_bytes);
    let mut secrets = vec![
        secret(
            "data",
            "postgres-auth",
            OPAQUE,
            [("openbao", openbao.as_bytes()), ("provider-sandbox", sandbox.as_bytes())],
        ),
        secret("data", "redis-auth", OPAQUE, [("password", redis.as_bytes())]),
        secret(
            "data",
            "kafka-users",
            OPAQUE,
            users.iter().map(|(user, password)| (*user, password.as_bytes())),
        ),
        secret(
            "ecotrack-conformance",
            "conformance-kafka",
            OPAQUE,
            [("username", &b"conformance"[..]), ("password", kafka("conformance"))],
        ),
        secret(
            "external",
            "provider-sandbox-db-credentials",
            OPAQUE,
            [("username", &b"provider_sandbox"[..]), ("password", sandbox.as_bytes())],
        ),
        secret("openbao", "openbao-unseal", OPAQUE, [("key", &seal[..])]),
        secret("openbao", "openbao-postgres", OPAQUE, [("password", openbao.as_bytes())]),
    ];
    secrets.push(first_values(existing, &redis, kafka)?);
    Ok(secrets)
}

/// What OpenBao holds at first, a file for each who reads it.
fn first_values<'a>(
    existing: &Existing,
    redis: &str,
    kafka: impl Fn(&str) -> &'a [u8],
) -> Result<Object, InstallError> {
    let (namespace, name) = FIRST_VALUES;
    let kept = |file: &str| existing.text(namespace, name, file);
    let mut files = Vec::new();
    for service in SERVICES {
        let file = format!("{service}.json");
        let first = || first_value(service, redis, kafka(service));
        files.push((file.clone(), kept(&file).map_or_else(first, Ok)?));
    }
    let file = format!("{SANDBOX}.json");
    let copies = kept(&file).unwrap_or_else(|| webhook_secrets(&files));
    files.push((file, copies));
    let values = files.iter().map(|(file, values)| (file.as_str(), values.as_bytes()));
    Ok(secret(namespace, name, OPAQUE, values))
}

/// The webhook secrets among the first values of the services.
fn webhook_secrets(files: &[(String, String)]) -> String {
    let values = files.iter().filter_map(|(_, text)| serde_json::from_str(text).ok());
    let secrets: Map<String, Value> = values
        .flat_map(|values: Map<String, Value>| values)
        .filter(|(name, _)| name.ends_with(WEBHOOK_SECRET))
        .collect();
    Value::Object(secrets).to_string()
}

/// What a service's secret in OpenBao holds at first.
fn first_value(service: &str, redis: &str, kafka: &[u8]) -> Result<String, InstallError> {
    let mut values =
        json!({"redis-password": redis, "kafka-password": String::from_utf8_lossy(kafka)});
    match service {
        "user-service" => {
            values["jwt-signing-key"] = new_signing_key()?.into();
            values["oauth-client-secret"] = random_text().into();
        }
        "payment-service" => {
            values["stripe-api-key"] = format!("sk_test_{}", random_text()).into();
            values["stripe-webhook-secret"] = webhook_secret().into();
            values["paypal-client-secret"] = random_text().into();
            values["paypal-webhook-secret"] = webhook_secret().into();
        }
        "notification-service" => {
            values["sendgrid-api-key"] =
                format!("SG.{}", URL_SAFE_NO_PAD.encode(random_bytes())).into();
            values["sendgrid-webhook-secret"] = webhook_secret().into();
            values["twilio-auth-token"] = random_text().into();
            values["twilio-webhook-secret"] = webhook_secret().into();
        }
        _ => {}
    }
    Ok(values.to_string())
}

fn password(existing: &Existing, namespace: &str, name: &str, key: &str) -> String {
    existing.text(namespace, name, key).unwrap_or_else(random_text)
}

fn webhook_secret() -> String {
    format!("{WEBHOOK_PREFIX}{}", random_text())
}

fn random_text() -> String {
    rand::rng().sample_iter(Alphanumeric).take(PASSWORD_LENGTH).map(char::from).collect()
}

fn random_bytes() -> Vec<u8> {
    let mut bytes = vec![0; SEAL_KEY_BYTES];
    rand::rng().fill(bytes.as_mut_slice());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cluster_has_is_kept() {
        let first = wanted(&Existing::new(Vec::new())).unwrap();
        let second = wanted(&Existing::new(first.clone())).unwrap();
        assert!(first == second);
    }

    #[test]
    fn a_missing_password_is_drawn_and_the_others_are_kept() {
        let mut first = wanted(&Existing::new(Vec::new())).unwrap();
        let before = first[2].0["data"].clone();
        first[2].0["data"].as_object_mut().unwrap().remove("order-service");
        let after = wanted(&Existing::new(first)).unwrap()[2].0["data"].clone();
        assert_eq!(after["user-service"], before["user-service"]);
        assert_ne!(after["order-service"], before["order-service"]);
    }

    #[test]
    fn both_sides_of_a_password_hold_the_same() {
        let existing = Existing::new(wanted(&Existing::new(Vec::new())).unwrap());
        let text = |namespace, name, key| existing.text(namespace, name, key).unwrap();
        assert_eq!(
            text("data", "postgres-auth", "openbao"),
            text("openbao", "openbao-postgres", "password")
        );
        assert_eq!(
            text("data", "postgres-auth", "provider-sandbox"),
            text("external", "provider-sandbox-db-credentials", "password")
        );
        assert_eq!(
            text("data", "kafka-users", "conformance"),
            text("ecotrack-conformance", "conformance-kafka", "password")
        );
        let values: Value =
            serde_json::from_str(&text("openbao", "openbao-first-values", "order-service.json"))
                .unwrap();
        assert_eq!(values["kafka-password"], text("data", "kafka-users", "order-service"));
        assert_eq!(values["redis-password"], text("data", "redis-auth", "password"));
    }

    #[test]
    fn the_outside_world_signs_with_what_is_checked() {
        let mut before = wanted(&Existing::new(Vec::new())).unwrap();
        // A cluster from before the sandbox had any.
        let files = before.last_mut().unwrap().0["data"].as_object_mut().unwrap();
        files.remove("provider-sandbox.json").unwrap();
        let existing = Existing::new(wanted(&Existing::new(before)).unwrap());
        let value = |owner: &str, name: &str| {
            let (namespace, secret) = FIRST_VALUES;
            let text = existing.text(namespace, secret, &format!("{owner}.json")).unwrap();
            serde_json::from_str::<Value>(&text).unwrap()[name].clone()
        };
        for (owner, provider) in [
            ("payment-service", "stripe"),
            ("payment-service", "paypal"),
            ("notification-service", "sendgrid"),
            ("notification-service", "twilio"),
        ] {
            let name = format!("{provider}{WEBHOOK_SECRET}");
            assert!(value(owner, &name).is_string());
            assert_eq!(value(SANDBOX, &name), value(owner, &name));
        }
    }

    #[test]
    fn each_service_starts_with_exactly_its_own_secrets() {
        let existing = Existing::new(wanted(&Existing::new(Vec::new())).unwrap());
        let keys = |service: &str| {
            let text = existing
                .text("openbao", "openbao-first-values", &format!("{service}.json"))
                .unwrap();
            let values: Map<String, Value> = serde_json::from_str(&text).unwrap();
            values.keys().cloned().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(keys("product-service"), "kafka-password redis-password");
        assert_eq!(
            keys("user-service"),
            "jwt-signing-key kafka-password oauth-client-secret redis-password"
        );
        assert_eq!(
            keys("payment-service"),
            "kafka-password paypal-client-secret paypal-webhook-secret redis-password stripe-api-key stripe-webhook-secret"
        );
        assert_eq!(
            keys("notification-service"),
            "kafka-password redis-password sendgrid-api-key sendgrid-webhook-secret twilio-auth-token twilio-webhook-secret"
        );
        assert_eq!(
            keys("provider-sandbox"),
            "paypal-webhook-secret sendgrid-webhook-secret stripe-webhook-secret twilio-webhook-secret"
        );
    }
}
