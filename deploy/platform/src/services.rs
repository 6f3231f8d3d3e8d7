//! Deploying the five services and the outside world onto an installed platform, in the order of `ARCHITECTURE.md`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::future::try_join_all;
use serde_json::json;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::error::{Doing as _, InstallError};
use crate::manifest::Object;
use crate::progress::{Event, Reporter};
use crate::readiness::Waiter;
use crate::source::Source;

const PART: &str = "services";
const NAMESPACE: &str = "ecotrack";
const SERVICES: [&str; 5] =
    ["user-service", "product-service", "order-service", "payment-service", "notification-service"];
const SANDBOX: (&str, &str) = ("provider-sandbox", "external");
/// Five services start on two cores, some of them after a first migration.
const DEADLINE: Duration = Duration::from_mins(4);

/// What to deploy, and where.
pub struct ServicesOptions {
    /// The cluster.
    pub cluster: Cluster,
    /// Root of the repository with charts and values.
    pub repository: PathBuf,
    /// `dev`, `staging` or `prod`.
    pub environment: String,
    /// Folder with one `<image>.json` per imported image, whose `digest` makes a rebuilt image roll out under an unchanged tag.
    pub image_records: Option<PathBuf>,
    /// Who is told.
    pub reporter: Reporter,
}

/// Deploys everything and returns when it is rolled out.
pub async fn deploy_services(options: &ServicesOptions) -> Result<(), InstallError> {
    let began = Instant::now();
    (options.reporter)(Event::Began { part: PART.to_owned() });
    options.deploy_mesh().await?;
    let mut releases: Vec<_> = SERVICES.iter().map(|name| (*name, NAMESPACE)).collect();
    releases.push(SANDBOX);
    try_join_all(releases.iter().map(|(name, namespace)| options.deploy_service(name, namespace)))
        .await?;
    options.deploy_secrets().await?;
    options.apply_rules().await?;
    let cluster = &options.cluster;
    let waiter =
        Waiter { cluster, reporter: &options.reporter, part: PART, deadline: DEADLINE, began };
    waiter.until_ready(&rollout(&releases)).await?;
    (options.reporter)(Event::Finished {
        part: PART.to_owned(),
        took: began.elapsed(),
        unchanged: false,
    });
    Ok(())
}

impl ServicesOptions {
    async fn deploy_mesh(&self) -> Result<(), InstallError> {
        self.upgrade("ecotrack-mesh", "deploy/istio", NAMESPACE, &[], None).await
    }

    async fn deploy_service(&self, name: &str, namespace: &str) -> Result<(), InstallError> {
        let values = [
            format!("deploy/values/services/{name}.yaml"),
            format!("deploy/values/{}.yaml", self.environment),
        ];
        let digest = self.image_records.as_deref().and_then(|folder| image_digest(folder, name));
        self.upgrade(name, "deploy/charts/ecotrack-service", namespace, &values, digest.as_deref())
            .await
    }

    async fn deploy_secrets(&self) -> Result<(), InstallError> {
        let values = [format!("deploy/values/secrets/{}.yaml", self.environment)];
        self.upgrade("ecotrack-secrets", "deploy/secrets", NAMESPACE, &values, None).await
    }

    async fn apply_rules(&self) -> Result<(), InstallError> {
        let rules = Source::Kustomization(self.repository.join("alerts/rules"))
            .render(&self.cluster, &self.repository)
            .await?;
        self.cluster.apply("alerts", &rules).await.doing("applying the alert rules")
    }

    async fn upgrade(
        &self,
        release: &str,
        chart: &str,
        namespace: &str,
        values: &[String],
        digest: Option<&str>,
    ) -> Result<(), InstallError> {
        let call = self
            .cluster
            .helm()
            .args(["upgrade", "--install", release])
            .arg(self.repository.join(chart))
            .args(["-n", namespace]);
        let call =
            values.iter().fold(call, |call, file| call.arg("-f").arg(self.repository.join(file)));
        let call = digest.iter().fold(call, |call, digest| {
            call.args([
                "--set-string",
                &format!("podAnnotations.ecotrack\\.dev/image-digest={digest}"),
            ])
        });
        call.run().await.map(drop).doing(format!("deploying {release}"))
    }
}

/// What must be ready for the services to be deployed.
fn rollout(releases: &[(&str, &str)]) -> Vec<Object> {
    let object = |version: &str, kind: &str, name: &str, namespace: &str| {
        Object(
            json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}),
        )
    };
    let deployments =
        releases.iter().map(|(name, namespace)| object("apps/v1", "Deployment", name, namespace));
    let secrets = SERVICES
        .iter()
        .flat_map(|service| ["secrets", "db-credentials"].map(|kind| format!("{service}-{kind}")));
    let secrets =
        secrets.map(|name| object("external-secrets.io/v1", "ExternalSecret", &name, NAMESPACE));
    secrets.chain(deployments).collect()
}

/// The digest of an imported image, if its record is there.
fn image_digest(folder: &Path, name: &str) -> Option<String> {
    let prefix = format!("docker.io_ecotrack_{name}_");
    let mut records: Vec<PathBuf> =
        fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).collect();
    records.retain(|path| {
        path.file_name()
            .and_then(|file| file.to_str())
            .is_some_and(|file| file.starts_with(&prefix))
    });
    records.sort();
    let record: serde_json::Value = serde_json::from_slice(&fs::read(records.pop()?).ok()?).ok()?;
    record["digest"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rebuilt_image_is_told_by_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("docker.io_ecotrack_user-service_v1.2.0.json"),
            r#"{"key":"k","digest":"sha256:abc"}"#,
        )
        .unwrap();
        assert_eq!(image_digest(folder.path(), "user-service").as_deref(), Some("sha256:abc"));
        assert_eq!(image_digest(folder.path(), "order-service"), None);
    }

    #[test]
    fn a_rollout_waits_for_secrets_and_pods_of_every_service() {
        let labels: Vec<String> =
            rollout(&[("user-service", NAMESPACE), SANDBOX]).iter().map(Object::label).collect();
        assert!(
            labels.contains(&"ExternalSecret ecotrack/payment-service-db-credentials".to_owned())
        );
        assert!(labels.contains(&"Deployment external/provider-sandbox".to_owned()));
        assert_eq!(labels.len(), 12);
    }
}
