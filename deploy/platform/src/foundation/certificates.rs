//! The CA and the servers' certificates as Secrets: reused while good, renewed before they end.

use chrono::NaiveDate;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::existing::Existing;
use super::secret;
use crate::error::InstallError;
use crate::manifest::{Object, hex};
use crate::pki::{Issued, issue, new_authority};

const TLS: &str = "kubernetes.io/tls";
const AUTHORITY: (&str, &str) = ("kube-system", "ecotrack-platform-ca");
const NOT_AFTER: &str = "ecotrack.dev/not-after";
const ISSUER: &str = "ecotrack.dev/issuer";
const NAMES: &str = "ecotrack.dev/names";

/// A server and the names it is reached by.
struct Server {
    namespace: &'static str,
    secret: &'static str,
    /// Subject; Kafka's controller knows its broker by it.
    common_name: &'static str,
    names: &'static [&'static str],
    /// Whether it wants key and chain in one file of this name.
    combined: Option<&'static str>,
}

const SERVERS: [Server; 5] = [
    Server {
        namespace: "data",
        secret: "postgres-tls",
        common_name: "postgres",
        names: &["postgres.data.svc.cluster.local", "postgres.data.svc", "postgres", "localhost"],
        combined: None,
    },
    Server {
        namespace: "data",
        secret: "redis-tls",
        common_name: "redis",
        names: &["redis.data.svc.cluster.local", "redis.data.svc", "redis", "localhost"],
        combined: None,
    },
    Server {
        namespace: "data",
        secret: "kafka-tls",
        common_name: "kafka",
        names: &["kafka.data.svc.cluster.local", "kafka.data.svc", "kafka", "localhost"],
        combined: Some("kafka.pem"),
    },
    Server {
        namespace: "openbao",
        secret: "openbao-tls",
        common_name: "openbao",
        names: &[
            "openbao.openbao.svc.cluster.local",
            "openbao.openbao.svc",
            "openbao",
            "localhost",
        ],
        combined: None,
    },
    Server {
        namespace: "istio-ingress",
        secret: "api-ecotrack-tls",
        common_name: "api.ecotrack.platform.dev",
        names: &["api.ecotrack.platform.dev"],
        combined: None,
    },
];

/// The Secrets, and the authority's certificate.
pub(super) struct Certificates {
    pub(super) secrets: Vec<Object>,
    pub(super) authority: String,
}

/// What the cluster should have on a day, given what it has.
pub(super) fn wanted(existing: &Existing, today: NaiveDate) -> Result<Certificates, InstallError> {
    let kept =
        kept(existing, AUTHORITY.0, AUTHORITY.1).filter(|authority| !authority.is_ending(today));
    let authority = kept.map_or_else(|| new_authority(today), Ok)?;
    let fingerprint = hex(&Sha256::digest(&authority.certificate));
    let mut secrets = vec![tls_secret(AUTHORITY, &authority, &authority, &fingerprint, "", None)];
    for server in &SERVERS {
        let names = server.names.join(",");
        let same = |key, value: &str| {
            existing.annotation(server.namespace, server.secret, key) == Some(value)
        };
        let good = |issued: &Issued| {
            !issued.is_ending(today) && same(ISSUER, &fingerprint) && same(NAMES, &names)
        };
        let issued = self::kept(existing, server.namespace, server.secret).filter(good);
        let issued = issued
            .map_or_else(|| issue(&authority, server.common_name, server.names, today), Ok)?;
        secrets.push(tls_secret(
            (server.namespace, server.secret),
            &issued,
            &authority,
            &fingerprint,
            &names,
            server.combined,
        ));
    }
    Ok(Certificates { secrets, authority: authority.certificate })
}

fn kept(existing: &Existing, namespace: &str, name: &str) -> Option<Issued> {
    Some(Issued {
        certificate: existing.text(namespace, name, "tls.crt")?,
        key: existing.text(namespace, name, "tls.key")?,
        not_after: existing.annotation(namespace, name, NOT_AFTER)?.parse().ok()?,
    })
}

fn tls_secret(
    place: (&str, &str),
    issued: &Issued,
    authority: &Issued,
    fingerprint: &str,
    names: &str,
    combined: Option<&str>,
) -> Object {
    let chain = format!("{}{}", issued.key, issued.certificate);
    let parts = [
        ("tls.crt", issued.certificate.as_bytes()),
        ("tls.key", issued.key.as_bytes()),
        ("ca.crt", authority.certificate.as_bytes()),
    ];
    let values = parts.into_iter().chain(combined.map(|file| (file, chain.as_bytes())));
    let mut object = secret(place.0, place.1, TLS, values);
    object.0["metadata"]["annotations"] =
        json!({NOT_AFTER: issued.not_after.to_string(), ISSUER: fingerprint, NAMES: names});
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn made(text: &str) -> Vec<Object> {
        wanted(&Existing::new(Vec::new()), day(text)).unwrap().secrets
    }

    fn changed(before: &[Object], today: &str) -> Vec<String> {
        let after = wanted(&Existing::new(before.to_vec()), day(today)).unwrap().secrets;
        before
            .iter()
            .zip(&after)
            .filter(|(old, new)| old.0["data"]["tls.crt"] != new.0["data"]["tls.crt"])
            .map(|(old, _)| old.name().to_owned())
            .collect()
    }

    #[test]
    fn certificates_are_reused_while_they_are_good() {
        assert!(changed(&made("2026-01-01"), "2026-11-01").is_empty());
    }

    #[test]
    fn servers_are_renewed_a_month_before_they_end_and_the_authority_stays() {
        let renewed = changed(&made("2026-01-01"), "2026-12-02");
        assert_eq!(
            renewed,
            ["postgres-tls", "redis-tls", "kafka-tls", "openbao-tls", "api-ecotrack-tls"]
        );
    }

    #[test]
    fn a_new_authority_replaces_every_certificate() {
        assert_eq!(changed(&made("2026-01-01"), "2035-12-20").len(), 6);
    }

    #[test]
    fn a_changed_name_replaces_that_certificate_alone() {
        let mut before = made("2026-01-01");
        before[3].0["metadata"]["annotations"][NAMES] = "kafka".into();
        assert_eq!(changed(&before, "2026-01-02"), ["kafka-tls"]);
    }

    #[test]
    fn kafka_finds_key_and_chain_in_one_file() {
        let existing = Existing::new(made("2026-01-01"));
        let both = existing.text("data", "kafka-tls", "kafka.pem").unwrap();
        let key = both.find("BEGIN PRIVATE KEY").unwrap();
        assert!(key < both.find("BEGIN CERTIFICATE").unwrap());
    }
}
