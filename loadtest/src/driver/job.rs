//! The Job, its namespace and the certificate authority it trusts.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use k8s_openapi::api::batch::v1::Job as KubernetesJob;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{DeleteParams, ObjectMeta, PostParams};
use kube::{Api, Client};
use minijinja::{Environment, UndefinedBehavior, context};

use super::{OVERHEAD, Options};

/// The manifest; its placeholders are filled in by [`manifest`].
const TEMPLATE: &str = include_str!("../../job.yaml");
/// Namespace of the services: the authority is the same for all who talk to the gateway.
const SERVICES: &str = "ecotrack";
/// `ConfigMap` with the platform's certificate authority.
const AUTHORITY: &str = "platform-ca";

/// A load in the cluster.
pub(crate) struct Job {
    client: Client,
    namespace: String,
}

impl Job {
    /// Makes the namespace and everything in it. What was made is removed again when a part fails.
    pub(crate) async fn create(client: Client, run: &str, options: &Options) -> Result<Self> {
        let services = Api::<ConfigMap>::namespaced(client.clone(), SERVICES);
        let authority = services.get_opt(AUTHORITY).await.context("the cluster does not answer")?;
        let authority = authority.with_context(|| {
            format!(
                "no ConfigMap {AUTHORITY} in {SERVICES}; deploy the services first: `make services`"
            )
        })?;
        let job = Self { client, namespace: format!("conformance-load-{run}") };
        let made = job.fill(run, authority, &manifest(run, options)?).await;
        if made.is_err() {
            job.remove().await?;
        }
        made.map(|()| job)
    }

    async fn fill(&self, run: &str, authority: ConfigMap, manifest: &KubernetesJob) -> Result<()> {
        let labels = BTreeMap::from([
            ("ecotrack.dev/run".to_owned(), run.to_owned()),
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

    /// Deletes the namespace with all in it, and does not wait for it to be gone.
    pub(crate) async fn remove(&self) -> Result<()> {
        let deleted = Api::<Namespace>::all(self.client.clone())
            .delete(&self.namespace, &DeleteParams::background())
            .await;
        match deleted {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(error).with_context(|| {
                format!(
                    "namespace {} is left behind; `kubectl delete namespace {}`",
                    self.namespace, self.namespace
                )
            }),
        }
    }
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
