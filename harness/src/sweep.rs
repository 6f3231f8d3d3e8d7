//! Takes away what runs left behind: everything that carries the run's label, every secret at its source that carries the run's name,
//! and every fault still in force.

mod alive;
mod secrets;
mod turn;

use std::collections::BTreeSet;

use anyhow::Context;
use futures::future::join_all;
use kube::api::{DeleteParams, DynamicObject, ListParams};
use kube::discovery::{ApiGroup, ApiResource, Discovery, Scope, verbs};
use kube::{Api, ResourceExt};

use crate::cluster::Cluster;
use crate::fault;
use crate::run_id::{RUN_LABEL, RunId};

pub use alive::Alive;
pub use secrets::secret_path;
pub use turn::alone;

/// Something of a run.
#[derive(Debug, Clone)]
pub struct Leftover {
    /// Whose it is.
    pub run: RunId,
    /// Kind, namespace and name.
    pub what: String,
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    /// An object of Kubernetes.
    Object { resource: ApiResource, namespace: Option<String>, name: String },
    /// A path in the key-value store of OpenBao.
    Secret(String),
}

/// Everything of a run that `whose` wants.
pub async fn find(
    cluster: &Cluster,
    whose: impl Fn(&RunId) -> bool,
) -> anyhow::Result<Vec<Leftover>> {
    let discovery =
        Discovery::new(cluster.client()).run().await.context("asking the cluster for its kinds")?;
    let deletable =
        discovery.groups().flat_map(ApiGroup::recommended_resources).filter(|(_, capabilities)| {
            capabilities.supports_operation(verbs::LIST)
                && capabilities.supports_operation(verbs::DELETE)
        });
    let lists =
        deletable.map(|(resource, capabilities)| labelled(cluster, resource, capabilities.scope));
    let (objects, secrets) = tokio::join!(join_all(lists), secrets_of_runs(cluster));
    let found = objects.into_iter().flatten().chain(secrets);
    Ok(found.filter(|leftover| whose(&leftover.run)).collect())
}

/// A secret store that does not answer keeps nobody from taking away the rest.
async fn secrets_of_runs(cluster: &Cluster) -> Vec<Leftover> {
    let found = secrets::find(cluster).await.unwrap_or_else(|error| {
        tracing::warn!("secrets that runs left in OpenBao could not be looked for: {error:#}");
        Vec::new()
    });
    let leftover = |(run, path): (RunId, String)| Leftover {
        run,
        what: format!("secret {path} in OpenBao"),
        place: Place::Secret(path),
    };
    found.into_iter().map(leftover).collect()
}

/// The objects of one kind that carry the label. A kind that may not be listed has none; one that cannot be (an aggregated API that is
/// down) is told, since something may stay behind.
async fn labelled(cluster: &Cluster, resource: ApiResource, scope: Scope) -> Vec<Leftover> {
    let api: Api<DynamicObject> = Api::all_with(cluster.client(), &resource);
    let listed = match api.list_metadata(&ListParams::default().labels(RUN_LABEL)).await {
        Ok(listed) => listed,
        Err(error) => {
            if !is_refused(&error) {
                tracing::warn!("{} of runs could not be looked for: {error}", resource.plural);
            }
            return Vec::new();
        }
    };
    let leftover = |object: kube::core::PartialObjectMeta<DynamicObject>| {
        let run = RunId::parse(object.labels().get(RUN_LABEL)?).ok()?;
        let namespace = object.namespace().filter(|_| scope == Scope::Namespaced);
        let place =
            namespace.as_ref().map_or_else(String::new, |namespace| format!("{namespace}/"));
        let what = format!("{} {place}{}", resource.kind, object.name_any());
        let (resource, name) = (resource.clone(), object.name_any());
        Some(Leftover { run, what, place: Place::Object { resource, namespace, name } })
    };
    listed.items.into_iter().filter_map(leftover).collect()
}

/// Not ours to list, or nobody's.
fn is_refused(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if [403, 405].contains(&status.code))
}

/// Takes back the faults of these runs, then deletes what they left. Answers with what was there.
pub async fn sweep(
    cluster: &Cluster,
    whose: impl Fn(&RunId) -> bool,
) -> anyhow::Result<Vec<Leftover>> {
    let leftovers = find(cluster, whose).await?;
    let runs: BTreeSet<&RunId> = leftovers.iter().map(|leftover| &leftover.run).collect();
    for run in runs {
        fault::revert_all(cluster, run)
            .await
            .with_context(|| format!("taking back the faults of run {run}"))?;
    }
    for result in join_all(leftovers.iter().map(|leftover| delete(cluster, leftover))).await {
        result?;
    }
    Ok(leftovers)
}

async fn delete(cluster: &Cluster, leftover: &Leftover) -> anyhow::Result<()> {
    let (resource, namespace, name) = match &leftover.place {
        Place::Object { resource, namespace, name } => (resource, namespace, name),
        Place::Secret(path) => return secrets::delete(cluster, path).await,
    };
    let api: Api<DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(cluster.client(), namespace, resource),
        None => Api::all_with(cluster.client(), resource),
    };
    match api.delete(name, &DeleteParams::background()).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        Err(error) => Err(error).with_context(|| format!("deleting {}", leftover.what)),
    }
}

/// Takes away what runs left that are no longer alive, or only looks for it. Answers with what was there.
pub async fn sweep_dead(cluster: &Cluster, dry_run: bool) -> anyhow::Result<Vec<Leftover>> {
    let alive = alive::runs(cluster).await?;
    let dead = |run: &RunId| !alive.contains(run);
    if dry_run { find(cluster, dead).await } else { sweep(cluster, dead).await }
}
