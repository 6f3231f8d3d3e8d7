//! Takes away what runs left behind: everything that carries the run's label, and every fault still in force.

mod alive;
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
pub use turn::alone;

/// Something with a run's label.
#[derive(Debug, Clone)]
pub struct Leftover {
    /// Whose it is.
    pub run: RunId,
    /// Kind, namespace and name.
    pub what: String,
    resource: ApiResource,
    namespace: Option<String>,
    name: String,
}

/// Everything with the label of a run that `whose` wants.
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
    let found = join_all(lists).await.into_iter().flatten();
    Ok(found.filter(|leftover| whose(&leftover.run)).collect())
}

/// The objects of one kind that carry the label; a kind that cannot be listed (an aggregated API that is down) has none.
async fn labelled(cluster: &Cluster, resource: ApiResource, scope: Scope) -> Vec<Leftover> {
    let api: Api<DynamicObject> = Api::all_with(cluster.client(), &resource);
    let listed = match api.list_metadata(&ListParams::default().labels(RUN_LABEL)).await {
        Ok(listed) => listed,
        Err(error) => {
            tracing::debug!(%error, kind = resource.kind, "this kind cannot be listed");
            return Vec::new();
        }
    };
    let leftover = |object: kube::core::PartialObjectMeta<DynamicObject>| {
        let run = RunId::parse(object.labels().get(RUN_LABEL)?).ok()?;
        let namespace = object.namespace().filter(|_| scope == Scope::Namespaced);
        let place =
            namespace.as_ref().map_or_else(String::new, |namespace| format!("{namespace}/"));
        let what = format!("{} {place}{}", resource.kind, object.name_any());
        Some(Leftover { run, what, resource: resource.clone(), namespace, name: object.name_any() })
    };
    listed.items.into_iter().filter_map(leftover).collect()
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
    let api: Api<DynamicObject> = match &leftover.namespace {
        Some(namespace) => Api::namespaced_with(cluster.client(), namespace, &leftover.resource),
        None => Api::all_with(cluster.client(), &leftover.resource),
    };
    match api.delete(&leftover.name, &DeleteParams::background()).await {
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
