//! The Job, its namespace and the certificate authority it trusts.

use std::collections::BTreeMap;
use std::time::SystemTime;

use anyhow::{Context, Result};
use k8s_openapi::api::batch::v1::Job as KubernetesJob;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{DeleteParams, ObjectMeta, PostParams};
use kube::{Api, Client};
use minijinja::{Environment, UndefinedBehavior, context};
use serde_json::json;

use super::{OVERHEAD, Options};

/// The manifest; its placeholders are filled in by [`manifest`].
const TEMPLATE: &str = include_str!("../../job.yaml");
/// Namespace of the services: the authority is the same for all who talk to the gateway.
const SERVICES: &str = "ecotrack";
/// `ConfigMap` with the platform's certificate authority.
const AUTHORITY: &str = "platform-ca";
/// Marks what belongs to a run, with the run's name: `conformance sweep` goes by it.
const RUN_LABEL: &str = "ecotrack.dev/run";
/// Where runs say that they are alive.
const LEASES: &str = "default";

/// A load in the cluster.
pub(crate) struct Job {
    client: Client,
    namespace: String,
    lease: String,
}

impl Job {
    /// Makes the namespace and everything in it. What was made is removed again when a part fails.
    pub(crate) async fn create(client: Client, run: &str, options: &Options) -> Result<Self> {
        let end = SystemTime::now() + options.run_time + OVERHEAD;
        let services = Api::<ConfigMap>::namespaced(client.clone(), SERVICES);
        let authority = services.get_opt(AUTHORITY).await.context("the cluster does not answer")?;
        let authority = authority.with_context(|| {
            format!(
                "no ConfigMap {AUTHORITY} in {SERVICES}; deploy the services first: `make services`"
            )
        })?;
        let name = |what: &str| format!("conformance-{what}{run}");
        let job = Self { client, namespace: name("load-"), lease: name("") };
        let manifest = manifest(run, options)?;
        let made = match job.claim(run, end).await {
            Ok(()) => job.fill(run, authority, &manifest).await,
            Err(error) => Err(error),
        };
        if made.is_err() {
            job.remove().await?;
        }
        made.map(|()| job)
    }

    /// Says until when this run is alive: the cluster itself ends it then. A sweep leaves it alone meanwhile, and a run of the features,
    /// whose counts it would disturb, waits or gives way.
    async fn claim(&self, run: &str, end: SystemTime) -> Result<()> {
        let lease = serde_json::from_value(lease(run, &self.lease, end))?;
        self.leases()
            .create(&PostParams::default(), &lease)
            .await
            .with_context(|| format!("lease {LEASES}/{} cannot be made", self.lease))?;
        Ok(())
    }

    fn leases(&self) -> Api<Lease> {
        Api::namespaced(self.client.clone(), LEASES)
    }

    async fn fill(&self, run: &str, authority: ConfigMap, manifest: &KubernetesJob) -> Result<()> {
        let labels = BTreeMap::from([
            (RUN_LABEL.to_owned(), run.to_owned()),
            ("istio-injection".to_owned(), "disabled".to_owned()),
        ]);
        let namespace = Namespace {
            metadata: ObjectMeta {
                name: Some(self.namespace.clone()),
                labels: Some(labels),
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        let once = PostParams::default();
        Api::<Namespace>::all(self.client.clone())
            .create(&once, &namespace)
            .await
            .with_context(|| format!("namespace {} cannot be made", self.namespace))?;
        let copy = ConfigMap {
            metadata: ObjectMeta { name: Some(AUTHORITY.to_owned()), ..ObjectMeta::default() },
            ..authority
        };
        Api::<ConfigMap>::namespaced(self.client.clone(), &self.namespace)
            .create(&once, &copy)
            .await
            .context("the certificate authority cannot be copied")?;
        Api::<KubernetesJob>::namespaced(self.client.clone(), &self.namespace)
            .create(&once, manifest)
            .await
            .context("the job cannot be made")?;
        Ok(())
    }

    /// An interface to something in the load's namespace.
    pub(crate) fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = k8s_openapi::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// Deletes the namespace with all in it, and does not wait for it to be gone; then the lease, so that a failure leaves both to a sweep.
    pub(crate) async fn remove(&self) -> Result<()> {
        let (once, namespace) = (DeleteParams::background(), &self.namespace);
        let deleted = Api::<Namespace>::all(self.client.clone()).delete(namespace, &once).await;
        gone(deleted).with_context(|| {
            format!("namespace {namespace} is left behind; `kubectl delete namespace {namespace}`")
        })?;
        let deleted = self.leases().delete(&self.lease, &once).await;
        gone(deleted).with_context(|| format!("lease {LEASES}/{} is left behind", self.lease))
    }
}

/// What was not there is as good as deleted.
fn gone<T>(deleted: kube::Result<T>) -> kube::Result<()> {
    match deleted {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(error),
    }
}

fn lease(run: &str, name: &str, end: SystemTime) -> serde_json::Value {
    json!({
        "metadata": {"name": name, "labels": {RUN_LABEL: run}},
        "spec": {"holderIdentity": run, "renewTime": humantime::format_rfc3339_micros(end).to_string()},
    })
}

fn manifest(run: &str, options: &Options) -> Result<KubernetesJob> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let text = environment.render_str(
        TEMPLATE,
        context! {
            run, image => &options.image, gateway => &options.gateway, prometheus => &options.prometheus,
            users => options.users, arrivals => options.arrivals,
            run_seconds => options.run_time.as_secs(), deadline_seconds => (options.run_time + OVERHEAD).as_secs(),
        },
    );
    serde_yaml_ng::from_str(&text.context("job.yaml cannot be filled in")?)
        .context("job.yaml is no Job")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn a_load_is_alive_until_the_cluster_ends_it() {
        let end = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_795_378_968);
        let lease: Lease = serde_json::from_value(lease("r", "conformance-r", end)).unwrap();
        assert_eq!(lease.metadata.labels.unwrap()[RUN_LABEL], "r");
        let renewed = lease.spec.unwrap().renew_time.unwrap();
        assert_eq!(renewed.0.as_second(), 1_795_378_968);
    }

    #[test]
    fn the_manifest_is_a_bounded_job_with_the_run_s_label() {
        let line = Line::parse_from(["run", "--users", "5", "--run-time", "1m"]);
        let job = manifest("0123abcd", &line.options).unwrap();
        let spec = job.spec.unwrap();
        assert_eq!(spec.active_deadline_seconds, Some(240));
        assert_eq!(spec.backoff_limit, Some(0));
        let template = spec.template;
        assert_eq!(template.metadata.unwrap().labels.unwrap()["ecotrack.dev/run"], "0123abcd");
        let arguments = template.spec.unwrap().containers.remove(0).args.unwrap();
        assert!(
            arguments.contains(&"--users=5".to_owned())
                && arguments.contains(&"--run-time=60s".to_owned()),
            "{arguments:?}"
        );
    }
}
