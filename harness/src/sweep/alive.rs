//! A run says in the cluster that it is alive, so that a sweep, from whichever machine, never takes away its things.

use std::collections::BTreeSet;

use anyhow::Context;
use k8s_openapi::api::coordination::v1::Lease;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::json;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::cluster::Cluster;
use crate::cluster::manifests::FIELD_MANAGER;
use crate::eventually::every;
use crate::run_id::{RUN_LABEL, RunId};

/// Where the leases are: a namespace that every cluster has.
const NAMESPACE: &str = "default";

/// Renews the run's lease until it is dropped.
pub struct Alive {
    cluster: Cluster,
    run: RunId,
    _stop: DropGuard,
}

impl Alive {
    /// Takes the lease and keeps renewing it.
    pub async fn begin(cluster: &Cluster, run: &RunId) -> anyhow::Result<Self> {
        renew(cluster, run).await.context("saying in the cluster that this run is alive")?;
        let stop = CancellationToken::new();
        let (own_cluster, own_run) = (cluster.clone(), run.clone());
        let beating = async move {
            every(own_cluster.timeouts().heartbeat, || async {
                if let Err(error) = renew(&own_cluster, &own_run).await {
                    tracing::warn!(%error, "the run could not say that it is alive");
                }
            })
            .await;
        };
        tokio::spawn(stop.clone().run_until_cancelled_owned(beating));
        Ok(Self { cluster: cluster.clone(), run: run.clone(), _stop: stop.drop_guard() })
    }

    /// Gives the lease back.
    pub async fn end(self) -> anyhow::Result<()> {
        match leases(&self.cluster).delete(&name(&self.run), &DeleteParams::default()).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(error).context("giving back the run's lease"),
        }
    }
}

/// A run that is alive, as its lease says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    /// Which run.
    pub(super) run: RunId,
    /// When it began, by the clock of the API server, in seconds.
    pub(super) began: i64,
    /// When it last said that it is alive, in microseconds.
    pub(super) renewed: i64,
}

impl Holder {
    fn read(lease: &Lease) -> Option<Self> {
        let run = RunId::parse(lease.labels().get(RUN_LABEL)?).ok()?;
        let began = lease.creation_timestamp()?.0.as_second();
        let renewed = lease.spec.as_ref()?.renew_time.as_ref()?.0.as_microsecond();
        Some(Self { run, began, renewed })
    }
}

/// The runs that are alive now.
pub(super) async fn holders(cluster: &Cluster) -> anyhow::Result<Vec<Holder>> {
    let found = leases(cluster)
        .list(&ListParams::default().labels(RUN_LABEL))
        .await
        .context("reading the leases of the runs")?;
    let patience = i64::try_from(cluster.timeouts().presumed_dead.as_micros())?;
    let now = chrono::Utc::now().timestamp_micros();
    let holders = found.items.iter().filter_map(Holder::read);
    Ok(holders.filter(|holder| now - holder.renewed < patience).collect())
}

/// The names of the runs that are alive now.
pub(super) async fn runs(cluster: &Cluster) -> anyhow::Result<BTreeSet<RunId>> {
    Ok(holders(cluster).await?.into_iter().map(|holder| holder.run).collect())
}

async fn renew(cluster: &Cluster, run: &RunId) -> Result<(), kube::Error> {
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name(run), "labels": {RUN_LABEL: run.as_str()}},
        "spec": {
            "holderIdentity": run.as_str(),
            "leaseDurationSeconds": cluster.timeouts().presumed_dead.as_secs(),
            "renewTime": chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        },
    });
    leases(cluster)
        .patch(&name(run), &PatchParams::apply(FIELD_MANAGER).force(), &Patch::Apply(lease))
        .await
        .map(drop)
}

fn leases(cluster: &Cluster) -> Api<Lease> {
    Api::namespaced(cluster.client(), NAMESPACE)
}

fn name(run: &RunId) -> String {
    format!("conformance-{run}")
}
