//! What every part stands on: namespaces, the platform's CA, certificates and passwords. Made once, kept in the cluster, reused ever after.

mod certificates;
mod credentials;
mod existing;
mod namespaces;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::cluster::Cluster;
use crate::error::{Doing as _, InstallError};
use crate::manifest::{Object, digest};
use crate::record;
use existing::Existing;

/// Marks the Secrets that are the installer's.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by=ecotrack-platform";
const OWNER: &str = "foundation";

/// The Secrets of the platform by namespace and name, each with a digest of what it holds.
#[derive(Debug, Default)]
pub(crate) struct Foundation(BTreeMap<(String, String), String>);

impl Foundation {
    /// The digest of a Secret's content; nothing for a Secret that is not the platform's.
    pub(crate) fn secret_digest(&self, namespace: &str, name: &str) -> Option<&str> {
        self.0.get(&(namespace.to_owned(), name.to_owned())).map(String::as_str)
    }

    /// The digest of all Secrets together.
    pub(crate) fn digest(&self) -> String {
        self.0.values().map(String::as_str).collect()
    }

    pub(crate) fn of(secrets: &[Object]) -> Self {
        let key = |secret: &Object| (secret.namespace().to_owned(), secret.name().to_owned());
        Self(
            secrets
                .iter()
                .map(|secret| (key(secret), digest(std::slice::from_ref(secret))))
                .collect(),
        )
    }
}

/// Makes what is missing and applies everything.
pub(crate) async fn lay(cluster: &Cluster) -> Result<Foundation, InstallError> {
    let existing = Existing::new(cluster.get(&["secrets", "-A", "-l", MANAGED_BY]).await?);
    let today = chrono::Utc::now().date_naive();
    let certificates = certificates::wanted(&existing, today)?;
    let mut secrets = certificates.secrets;
    secrets.extend(credentials::wanted(&existing)?);
    let mut objects = namespaces::wanted();
    objects.extend(namespaces::ca_maps(&certificates.authority));
    objects.extend(secrets.iter().cloned());
    objects.push(record::object());
    cluster
        .apply(OWNER, &objects)
        .await
        .doing("applying namespaces, certificates and passwords")?;
    Ok(Foundation::of(&secrets))
}

/// A Secret of the platform. Values are any bytes.
fn secret<'a>(
    namespace: &str,
    name: &str,
    kind: &str,
    values: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Object {
    let data: Map<String, Value> = values
        .into_iter()
        .map(|(key, value)| (key.to_owned(), STANDARD.encode(value).into()))
        .collect();
    let (label, owner) = MANAGED_BY.split_once('=').unwrap_or_default();
    Object(json!({
        "apiVersion": "v1", "kind": "Secret", "type": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {label: owner, "app.kubernetes.io/part-of": "ecotrack-platform"}},
        "data": data,
    }))
}
