//! The mesh lets plain text in: the namespace's `PeerAuthentication` made PERMISSIVE.

use anyhow::Context;
use async_trait::async_trait;
use conformance_probe::Attempt;
use serde_json::json;

use super::change::{Grant, Plan, merge_patch};
use super::{Change, Sabotage};
use crate::component::probes::{self, HttpQuestion, Probes};
use crate::component::{places, pods};
use crate::eventually::{Observed, Unmet};
use crate::suite::Suite;

const PATH: &str = "/apis/security.istio.io/v1/namespaces/ecotrack/peerauthentications/default";
/// Whose pod is asked in plain text.
const ASKED: &str = "user-service";

/// Plain text is let in.
pub(super) struct PermissiveMtls;

impl PermissiveMtls {
    /// A request in plain text to a pod of the mesh.
    async fn ask(suite: &Suite) -> anyhow::Result<Attempt> {
        let pods = pods::list_ready(suite.cluster(), ASKED).await?;
        let address = &pods.first().context("no pod to ask")?.ip;
        let probe = suite.component::<Probes>().await?.plain().await?;
        let url = format!("http://{address}:8080/.well-known/jwks.json");
        let question =
            HttpQuestion { method: "GET".to_owned(), url, headers: Vec::new(), body: None };
        let answer = probes::ask(&probe, &question).await?;
        answer.attempts.into_iter().next().context("the probe reported no attempt")
    }
}

#[async_trait]
impl Sabotage for PermissiveMtls {
    fn name(&self) -> &'static str {
        "permissive-mtls"
    }

    async fn plan(&self, _suite: &Suite) -> anyhow::Result<Plan> {
        let mode = |mode: &str| vec![merge_patch(PATH, &json!({"spec": {"mtls": {"mode": mode}}}))];
        let grant = Grant {
            namespace: places::ECOTRACK.to_owned(),
            group: "security.istio.io",
            resource: "peerauthentications",
            name: "default".to_owned(),
            verb: "patch",
        };
        Ok(Plan {
            change: Change { make: mode("PERMISSIVE"), revert: mode("STRICT") },
            grants: vec![grant],
        })
    }

    async fn armed(&self, suite: &Suite) -> Observed<String> {
        match Self::ask(suite).await? {
            Attempt { status: Some(status), .. } => {
                Ok(format!("plain text to {ASKED} is answered with {status}"))
            }
            Attempt { error, .. } => {
                Err(Unmet::not_yet(format!("plain text to {ASKED} is not answered: {error:?}")))
            }
        }
    }

    async fn gone(&self, suite: &Suite) -> Observed<String> {
        match Self::ask(suite).await? {
            Attempt { status: Some(status), .. } => Err(Unmet::not_yet(format!(
                "plain text to {ASKED} is still answered with {status}"
            ))),
            Attempt { error, .. } => Ok(format!(
                "plain text to {ASKED} is not answered: {}",
                error.map(|refusal| refusal.message).unwrap_or_default()
            )),
        }
    }
}
