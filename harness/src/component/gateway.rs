//! The ingress gateway from inside the cluster, where a client has an address of its own.

use anyhow::{Context, Result};
use conformance_probe::{Attempt, HttpAnswer};

use super::places;
use crate::cluster::Cluster;
use crate::cluster::probe_pod::ProbePod;
use crate::services::{HOST, Ids};

/// Asked without a token, which the gateway refuses itself: whoever floods it with this asks nothing of a service.
const PATH: &str = "/api/orders";
/// Requests under way at the same time.
const PARALLEL: &str = "32";

/// Sends so many requests through the gateway, as fast as they are answered.
pub async fn flood(
    cluster: &Cluster,
    probe: &ProbePod,
    count: u32,
    ids: &Ids,
) -> Result<Vec<Attempt>> {
    let (url, authority) = (format!("https://{HOST}{PATH}"), places::platform_ca(cluster).await?);
    let gateway = format!("{}.{}.svc.cluster.local:443", places::GATEWAY, places::INGRESS);
    let (count, headers) =
        (count.to_string(), ids.headers().map(|(name, value)| format!("{name}: {value}")));
    let mut arguments = vec!["http", "--url", &url, "--connect-to", &gateway];
    arguments.extend(["--ca-pem", &authority, "--count", &count, "--parallel", PARALLEL]);
    arguments.extend(headers.iter().flat_map(|header| ["--header", header.as_str()]));
    let answer: HttpAnswer = probe.ask(&arguments).await?;
    Ok(answer.attempts)
}

/// Sends one request through the gateway.
pub async fn knock(cluster: &Cluster, probe: &ProbePod, ids: &Ids) -> Result<Attempt> {
    flood(cluster, probe, 1, ids).await?.pop().context("the probe sent nothing")
}
