//! The ingress gateway from inside the cluster, where a client has an address of its own.

use std::sync::Arc;

use anyhow::{Context, Result};
use conformance_probe::{Attempt, HttpAnswer};

use super::places;
use super::probes::Probes;
use crate::cluster::PodRef;
use crate::cluster::probe_pod::ProbePod;
use crate::services::{HOST, Ids};
use crate::suite::{Component, Suite};

/// Asked without a token, which the gateway refuses itself: whoever floods it with this asks nothing of a service.
const PATH: &str = "/api/orders";
/// Requests under way at the same time.
const PARALLEL: &str = "32";

/// A client inside the cluster whose address is nobody else's.
pub struct Gateway {
    probe: Arc<ProbePod>,
    ca: String,
}

impl Component for Gateway {
    async fn connect(suite: &Suite) -> Result<Self> {
        let ca = places::platform_ca(suite.cluster()).await?;
        let probe = suite.component::<Probes>().await?.plain().await?;
        Ok(Self { probe, ca })
    }
}

impl Gateway {
    /// Whose address it is.
    #[must_use]
    pub fn client(&self) -> &PodRef {
        self.probe.pod()
    }

    /// Sends so many requests, as fast as they are answered.
    pub async fn flood(&self, count: u32, ids: &Ids) -> Result<Vec<Attempt>> {
        let (url, count) = (format!("https://{HOST}{PATH}"), count.to_string());
        let address = format!("{}.{}.svc.cluster.local:443", places::GATEWAY, places::INGRESS);
        let headers = ids.headers().map(|(name, value)| format!("{name}: {value}"));
        let mut arguments = vec!["http", "--url", &url, "--connect-to", &address];
        arguments.extend(["--ca-pem", &self.ca, "--count", &count, "--parallel", PARALLEL]);
        arguments.extend(headers.iter().flat_map(|header| ["--header", header.as_str()]));
        let answer: HttpAnswer = self.probe.ask(&arguments).await?;
        Ok(answer.attempts)
    }

    /// Sends one request.
    pub async fn knock(&self, ids: &Ids) -> Result<Attempt> {
        self.flood(1, ids).await?.pop().context("the probe sent nothing")
    }
}
