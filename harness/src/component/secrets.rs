//! Secrets as they arrive in the cluster: their keys, and the External Secrets objects that fetch them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use kube::api::{DynamicObject, Patch, PatchParams};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::places;
use crate::cluster::Cluster;
use crate::cluster::manifests::{api_of, apply, delete, reference};
use crate::suite::Suite;

const API: &str = "external-secrets.io/v1";
/// How often a scenario's own secret is fetched.
const REFRESH: &str = "3s";

/// A pair of database credentials as a service finds it.
#[derive(Clone)]
pub struct DatabaseLogin {
    /// The role's name.
    pub username: String,
    /// Its password.
    pub password: SecretString,
}

/// One key of a Secret; its value is kept out of reports from now on.
pub async fn read_key(
    suite: &Suite,
    namespace: &str,
    name: &str,
    key: &str,
) -> Result<SecretString> {
    let mut keys = find_keys(suite.cluster(), namespace, name)
        .await?
        .with_context(|| format!("there is no secret {namespace}/{name}"))?;
    let value =
        keys.remove(key).with_context(|| format!("secret {namespace}/{name} has no key {key}"))?;
    suite.redactor().forget(&value);
    Ok(value.into())
}

/// All keys of a Secret as text; none when there is no such Secret.
pub async fn find_keys(
    cluster: &Cluster,
    namespace: &str,
    name: &str,
) -> Result<Option<BTreeMap<String, String>>> {
    let secrets: Api<Secret> = Api::namespaced(cluster.client(), namespace);
    let secret = secrets
        .get_opt(name)
        .await
        .with_context(|| format!("secret {namespace}/{name} cannot be read"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(secret.map(|secret| {
        secret
            .data
            .unwrap_or_default()
            .into_iter()
            .map(|(key, value)| (key, text(&value.0)))
            .collect()
    }))
}

/// The database login that a service's Secret holds now.
pub async fn fetch_database_login(
    suite: &Suite,
    namespace: &str,
    service: &str,
) -> Result<DatabaseLogin> {
    let name = format!("{service}-db-credentials");
    let keys = find_keys(suite.cluster(), namespace, &name)
        .await?
        .with_context(|| format!("there is no secret {namespace}/{name}"))?;
    let key = |key: &str| {
        keys.get(key)
            .cloned()
            .with_context(|| format!("secret {namespace}/{name} has no key {key}"))
    };
    let (username, password) = (key("username")?, key("password")?);
    suite.redactor().forget(&password);
    Ok(DatabaseLogin { username, password: password.into() })
}

/// Asks External Secrets to fetch now instead of at its next interval.
pub async fn force_sync(cluster: &Cluster, namespace: &str, name: &str) -> Result<()> {
    let object = reference(API, "ExternalSecret", Some(namespace), name);
    let now = chrono::Utc::now().timestamp_nanos_opt().unwrap_or_default().to_string();
    let annotation = json!({"metadata": {"annotations": {"force-sync": now}}});
    let api = api_of(cluster, &object).await?;
    api.patch(name, &PatchParams::default(), &Patch::Merge(annotation))
        .await
        .with_context(|| format!("externalsecret {namespace}/{name} cannot be changed"))?;
    Ok(())
}

/// A Secret of a scenario's own that External Secrets keeps equal to a secret in OpenBao, with its store.
#[derive(Debug, Clone)]
pub struct SyncedSecret {
    name: String,
    objects: Vec<DynamicObject>,
}

impl SyncedSecret {
    /// Asks External Secrets to fetch `path` of the key-value store as the harness's own account.
    pub async fn create(suite: &Suite, name: &str, path: &str) -> Result<Self> {
        let name = format!("conformance-{name}");
        let ca = STANDARD.encode(places::platform_ca(suite.cluster()).await?);
        let objects = [store(&name, &ca), external_secret(&name, path)]
            .map(serde_json::from_value)
            .into_iter()
            .collect::<Result<Vec<_>, _>>()?;
        apply(suite.cluster(), suite.run(), &objects).await?;
        Ok(Self { name, objects })
    }

    /// The name of the Secret, in the harness's own namespace.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes the objects away again.
    pub async fn delete(&self, cluster: &Cluster) -> Result<()> {
        Ok(delete(cluster, &self.objects).await?)
    }
}

fn store(name: &str, ca: &str) -> Value {
    let account = json!({"name": "conformance", "audiences": ["openbao"]});
    json!({
        "apiVersion": API, "kind": "SecretStore", "metadata": {"name": name, "namespace": places::CONFORMANCE},
        "spec": {"provider": {"vault": {
            "server": "https://openbao.openbao.svc.cluster.local:8200", "path": "secret", "version": "v2", "caBundle": ca,
            "auth": {"kubernetes": {"mountPath": "kubernetes", "role": "conformance", "serviceAccountRef": account}},
        }}},
    })
}

fn external_secret(name: &str, path: &str) -> Value {
    json!({
        "apiVersion": API, "kind": "ExternalSecret", "metadata": {"name": name, "namespace": places::CONFORMANCE},
        "spec": {
            "refreshInterval": REFRESH,
            "secretStoreRef": {"kind": "SecretStore", "name": name},
            "target": {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Delete"},
            "dataFrom": [{"extract": {"key": path}}],
        },
    })
}
