//! Probe pods shared by the scenarios of a run: one without a sidecar, and one of the mesh per `ServiceAccount`.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::sync::{Mutex, OnceCell};

use super::places;
use crate::cluster::Cluster;
use crate::cluster::probe_pod::{ProbePod, ProbeSpec};
use crate::run_id::RunId;
use crate::suite::{Component, Suite};

pub use conformance_probe::{Attempt, HttpAnswer};

type Slot = Arc<OnceCell<Arc<ProbePod>>>;

/// The probes of a run, each started when it is first asked for.
pub struct Probes {
    cluster: Cluster,
    run: RunId,
    slots: Mutex<HashMap<Option<String>, Slot>>,
}

/// HTTP requests that a probe is to send.
#[derive(Debug, Clone)]
pub struct HttpQuestion {
    /// HTTP method.
    pub method: String,
    /// Where to.
    pub url: String,
    /// Headers as `name: value`.
    pub headers: Vec<String>,
    /// The body, where there is one.
    pub body: Option<String>,
}

impl Component for Probes {
    async fn connect(suite: &Suite) -> Result<Self> {
        Ok(Self {
            cluster: suite.cluster().clone(),
            run: suite.run().clone(),
            slots: Mutex::default(),
        })
    }
}

impl Probes {
    /// The probe that is not part of the mesh.
    pub async fn plain(&self) -> Result<Arc<ProbePod>> {
        self.probe(None, ProbeSpec::plain(places::CONFORMANCE)).await
    }

    /// The probe of the mesh that runs as this account of namespace `ecotrack`.
    pub async fn meshed(&self, account: &str) -> Result<Arc<ProbePod>> {
        self.probe(
            Some(account.to_owned()),
            ProbeSpec::meshed(places::ECOTRACK).service_account(account),
        )
        .await
    }

    async fn probe(&self, account: Option<String>, spec: ProbeSpec) -> Result<Arc<ProbePod>> {
        let slot = Arc::clone(self.slots.lock().await.entry(account).or_default());
        let start = async || ProbePod::start(&self.cluster, &self.run, &spec).await.map(Arc::new);
        Ok(Arc::clone(
            slot.get_or_try_init(start).await.context("a probe pod could not be started")?,
        ))
    }
}

/// Sends one request from a probe.
pub async fn ask(probe: &ProbePod, question: &HttpQuestion) -> Result<HttpAnswer> {
    let mut arguments = vec!["http", "--method", &question.method, "--url", &question.url];
    arguments.extend(question.headers.iter().flat_map(|header| ["--header", header.as_str()]));
    arguments.extend(question.body.iter().flat_map(|body| ["--body", body.as_str()]));
    Ok(probe.ask(&arguments).await?)
}
