//! One hop loses the trace: the proxy in front of product-service drops `traceparent` before anything reads it.
//!
//! A header removed by a route would come back, because the calling proxy writes its own span's context last; so it is
//! dropped where the called proxy receives the request. Connections that were open before the change keep what they had
//! until the proxy has drained them: only then is it in force for every caller, and only then is it gone.

use async_trait::async_trait;
use serde_json::json;

use super::change::{Grant, Plan, create, delete};
use super::{Change, Sabotage};
use crate::cluster::{PodRef, exec};
use crate::component::{places, pods};
use crate::eventually::{Observed, Unmet};
use crate::services::{Call, EcoTrack, Ids};
use crate::suite::Suite;

const COLLECTION: &str = "/apis/networking.istio.io/v1alpha3/namespaces/ecotrack/envoyfilters";
const NAME: &str = "conformance-trace-dropped";
/// The question to a proxy whether it drains anything.
const DRAINING: [&str; 4] =
    ["pilot-agent", "request", "GET", "stats?filter=listener_manager.total_.*_draining"];
const SERVICE: &str = "product-service";
/// A public page of that service.
const PAGE: &str = "/api/products";

/// The trace ends in front of product-service.
pub(super) struct TraceDropped;

impl TraceDropped {
    /// The trace that was sent, and the one that the service says it was part of.
    async fn ask(suite: &Suite) -> Result<(String, String), Unmet> {
        let (ecotrack, ids) = (suite.component::<EcoTrack>().await?, Ids::unrelated());
        let answer = ecotrack.send(&Call::get(PAGE), &ids).await?;
        match answer.header("x-trace-id") {
            Some(seen) if answer.status == 200 => Ok((ids.trace_id().to_owned(), seen.to_owned())),
            _ => Err(Unmet::not_yet(format!("{SERVICE} does not say its trace: {answer}"))),
        }
    }
}

impl TraceDropped {
    /// No connection is left that was opened under the former configuration.
    async fn drained(suite: &Suite) -> Observed<()> {
        for pod in pods::list_ready(suite.cluster(), SERVICE).await? {
            let proxy = PodRef::new(places::ECOTRACK, &pod.name).container(pods::PROXY);
            let answer = exec(suite.cluster(), &proxy, &DRAINING, None).await?;
            match total(&answer.stdout) {
                Some(0) => {}
                Some(left) => {
                    let seen = format!("the proxy of {} still drains {left} listeners", pod.name);
                    return Err(Unmet::not_yet(seen));
                }
                None => {
                    let seen =
                        format!("the proxy of {} counts nothing: {}", pod.name, answer.stderr);
                    return Err(Unmet::not_yet(seen));
                }
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Sabotage for TraceDropped {
    fn name(&self) -> &'static str {
        "trace-dropped"
    }

    async fn plan(&self, suite: &Suite) -> anyhow::Result<Plan> {
        let filter = json!({
            "apiVersion": "networking.istio.io/v1alpha3",
            "kind": "EnvoyFilter",
            "metadata": {"name": NAME, "namespace": places::ECOTRACK, "labels": {crate::run_id::RUN_LABEL: suite.run().as_str()}},
            "spec": {
                "workloadSelector": {"labels": {"app": SERVICE}},
                "configPatches": [{
                    "applyTo": "NETWORK_FILTER",
                    "match": {"context": "SIDECAR_INBOUND", "listener": {"filterChain": {"filter": {"name": "envoy.filters.network.http_connection_manager"}}}},
                    "patch": {"operation": "MERGE", "value": {"typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                        "early_header_mutation_extensions": [{
                            "name": "envoy.http.early_header_mutation.header_mutation",
                            "typed_config": {
                                "@type": "type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation",
                                "mutations": [{"remove": "traceparent"}, {"remove": "tracestate"}],
                            },
                        }],
                    }}},
                }],
            },
        });
        let grant = |verb: &'static str| Grant {
            namespace: places::ECOTRACK.to_owned(),
            group: "networking.istio.io",
            resource: "envoyfilters",
            name: NAME.to_owned(),
            verb,
        };
        let change = Change {
            make: vec![create(COLLECTION, &filter)],
            revert: vec![delete(&format!("{COLLECTION}/{NAME}"))],
        };
        Ok(Plan { change, grants: vec![grant("create"), grant("delete")] })
    }

    async fn armed(&self, suite: &Suite) -> Observed<String> {
        let (sent, seen) = Self::ask(suite).await?;
        if sent == seen {
            return Err(Unmet::not_yet(format!("{SERVICE} still sees the trace {sent}")));
        }
        Self::drained(suite).await?;
        Ok(format!("{SERVICE} was sent the trace {sent} and saw {seen}"))
    }

    async fn gone(&self, suite: &Suite) -> Observed<String> {
        let (sent, seen) = Self::ask(suite).await?;
        if sent != seen {
            let seen = format!("{SERVICE} was sent the trace {sent} and saw {seen}");
            return Err(Unmet::not_yet(seen));
        }
        Self::drained(suite).await?;
        Ok(format!("{SERVICE} sees the trace it is sent"))
    }
}

/// The sum of the counters in a proxy's answer, one `name: value` a line.
fn total(counters: &str) -> Option<u64> {
    let values: Vec<u64> =
        counters.lines().filter_map(|line| line.split_once(": ")?.1.trim().parse().ok()).collect();
    (!values.is_empty()).then(|| values.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_summed_and_an_empty_answer_is_none() {
        let answer = "listener_manager.total_filter_chains_draining: 2\nlistener_manager.total_listeners_draining: 1\n\n";
        assert_eq!(total(answer), Some(3));
        assert_eq!(total(""), None);
    }
}
