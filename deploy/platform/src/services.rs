//! Deploying the five services and the outside world onto an installed platform, in the order of `ARCHITECTURE.md`.
//!
//! What is as it was deployed last is left alone, even if somebody changed or deleted some of it since: putting that back unasked would
//! hide from the features what they are there to find.

mod deployer;
mod release;
mod rules;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::error::InstallError;
use crate::manifest::Object;
use crate::progress::{Event, Reporter};
use crate::readiness::Waiter;
use deployer::Deployer;
use release::{Release, image_digest};

const PART: &str = "services";
const NAMESPACE: &str = "ecotrack";
/// The five services, as the registry of `contracts/telemetry` names them.
pub const SERVICES: [&str; 5] =
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
    /// Where the runbooks are published; without it alerts link to this project's own pages.
    pub runbooks: Option<String>,
    /// Deploys everything, changed or not: that puts back what was changed by hand.
    pub anew: bool,
    /// Who is told.
    pub reporter: Reporter,
}

/// Deploys what changed and returns when everything is rolled out.
pub async fn deploy_services(options: &ServicesOptions) -> Result<(), InstallError> {
    let began = Instant::now();
    (options.reporter)(Event::Began { part: PART.to_owned() });
    let outcomes = Deployer::new(options).await?.deploy().await?;
    let unchanged = outcomes.iter().all(Option::is_some);
    let kept: Vec<Object> = outcomes.into_iter().flatten().flatten().collect();
    let gone = options.cluster.missing(&kept).await?;
    for object in &gone {
        options.tell(format!(
            "{} was deployed and is gone; that is left for the features to find, and `make heal` puts it back",
            object.label()
        ));
    }
    let cluster = &options.cluster;
    let waiter =
        Waiter { cluster, reporter: &options.reporter, part: PART, deadline: DEADLINE, began };
    let mut awaited = rollout();
    awaited.retain(|object| !gone.iter().any(|missing| missing.is(object)));
    waiter.until_ready(&awaited).await?;
    (options.reporter)(Event::Finished {
        part: PART.to_owned(),
        took: began.elapsed(),
        unchanged: unchanged && gone.is_empty(),
    });
    Ok(())
}

impl ServicesOptions {
    fn tell(&self, what: String) {
        (self.reporter)(Event::Told { part: PART.to_owned(), what });
    }

    /// Every pod's release, the outside world last.
    fn services(&self) -> impl Iterator<Item = Release<'_>> {
        releases().map(|(name, namespace)| self.service(name, namespace))
    }

    fn mesh(&self) -> Release<'_> {
        self.release("ecotrack-mesh", NAMESPACE, "deploy/istio", &[])
    }

    fn service<'a>(&self, name: &'a str, namespace: &'a str) -> Release<'a> {
        let values = [
            format!("deploy/values/services/{name}.yaml"),
            format!("deploy/values/{}.yaml", self.environment),
        ];
        let digest = self.image_records.as_deref().and_then(|folder| image_digest(folder, name));
        let release = self.release(name, namespace, "deploy/charts/ecotrack-service", &values);
        Release { digest, ..release }
    }

    fn secrets(&self) -> Release<'_> {
        let values = [format!("deploy/values/secrets/{}.yaml", self.environment)];
        self.release("ecotrack-secrets", NAMESPACE, "deploy/secrets", &values)
    }

    fn release<'a>(
        &self,
        name: &'a str,
        namespace: &'a str,
        chart: &str,
        values: &[String],
    ) -> Release<'a> {
        Release {
            name,
            namespace,
            chart: self.repository.join(chart),
            values: values.iter().map(|file| self.repository.join(file)).collect(),
            digest: None,
        }
    }
}

/// The releases that have pods, with the namespace of each.
fn releases() -> impl Iterator<Item = (&'static str, &'static str)> {
    SERVICES.iter().map(|name| (*name, NAMESPACE)).chain([SANDBOX])
}

/// What must be ready for the services to be deployed.
fn rollout() -> Vec<Object> {
    let object = |version: &str, kind: &str, name: &str, namespace: &str| {
        Object(
            json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": namespace}}),
        )
    };
    let deployments =
        releases().map(|(name, namespace)| object("apps/v1", "Deployment", name, namespace));
    let secret = |name: String, namespace: &str| {
        object("external-secrets.io/v1", "ExternalSecret", &name, namespace)
    };
    let logins = SERVICES.iter().map(|name| secret(format!("{name}-db-credentials"), NAMESPACE));
    let secrets = releases().map(|(name, namespace)| secret(format!("{name}-secrets"), namespace));
    logins.chain(secrets).chain(deployments).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollout_waits_for_secrets_and_pods_of_every_service() {
        let labels: Vec<String> = rollout().iter().map(Object::label).collect();
        assert!(
            labels.contains(&"ExternalSecret ecotrack/payment-service-db-credentials".to_owned())
        );
        for object in [
            "Deployment external/provider-sandbox",
            "ExternalSecret external/provider-sandbox-secrets",
        ] {
            assert!(labels.contains(&object.to_owned()), "{object}");
        }
        // A login for each of the five; secrets and pods for the sandbox too.
        assert_eq!(labels.len(), 5 + 6 + 6);
    }
}
