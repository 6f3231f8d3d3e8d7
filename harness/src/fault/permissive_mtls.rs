//! The mesh lets plain text in: the namespace's `PeerAuthentication` made PERMISSIVE.

use anyhow::Context;
use async_trait::async_trait;
use conformance_probe::Attempt;
use serde_json::{Value, json};

use super::change::{Grant, Plan, create, delete, merge_patch};
use super::{Change, Sabotage};
use crate::cluster::manifests::{find, reference};
use crate::component::probes::{self, HttpQuestion, Probes};
use crate::component::{places, pods};
use crate::eventually::{Observed, Unmet};
use crate::suite::Suite;

const VERSION: &str = "security.istio.io/v1";
const KIND: &str = "PeerAuthentication";
const COLLECTION: &str = "/apis/security.istio.io/v1/namespaces/ecotrack/peerauthentications";
const NAME: &str = "default";
/// Whose pod is asked in plain text.
const ASKED: &str = "user-service";

/// Lets plain text in by the namespace's own policy, and puts back what that policy said; where there is none, because the mesh's
/// holds, it is made and taken away again.
fn change(policy: Option<&Value>) -> Change {
    let mode = |mode: &Value| json!({"spec": {"mtls": {"mode": mode}}});
    let permissive = mode(&json!("PERMISSIVE"));
    let path = format!("{COLLECTION}/{NAME}");
    if let Some(spec) = policy {
        Change {
            make: vec![merge_patch(&path, &permissive)],
            revert: vec![merge_patch(&path, &mode(&spec["mtls"]["mode"]))],
        }
    } else {
        let mut policy = permissive;
        policy["apiVersion"] = json!(VERSION);
        policy["kind"] = json!(KIND);
        policy["metadata"] = json!({"name": NAME, "namespace": places::ECOTRACK});
        Change { make: vec![create(COLLECTION, &policy)], revert: vec![delete(&path)] }
    }
}

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

    async fn plan(&self, suite: &Suite) -> anyhow::Result<Plan> {
        let policy = reference(VERSION, KIND, Some(places::ECOTRACK), NAME);
        let found = find(suite.cluster(), &policy).await?;
        let grant = |verb: &'static str| Grant {
            namespace: places::ECOTRACK.to_owned(),
            group: "security.istio.io",
            resource: "peerauthentications",
            name: NAME.to_owned(),
            verb,
        };
        let verbs: &[&'static str] =
            if found.is_some() { &["patch"] } else { &["create", "delete"] };
        let grants = verbs.iter().copied().map(grant).collect();
        Ok(Plan { change: change(found.as_ref().map(|found| &found.data["spec"])), grants })
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

#[cfg(test)]
mod tests {
    use super::*;
    use conformance_probe::change::ApiRequest;

    fn sent(requests: &[ApiRequest]) -> Vec<(&str, Value)> {
        let body = |request: &ApiRequest| request.body.as_deref().map(serde_json::from_str);
        let one = |request: &ApiRequest| body(request).transpose().unwrap().unwrap_or_default();
        requests.iter().map(|request| (request.method.as_str(), one(request))).collect()
    }

    #[test]
    fn the_mode_that_was_there_comes_back_whatever_it_was() {
        let mode = |mode: Value| vec![("PATCH", json!({"spec": {"mtls": {"mode": mode}}}))];
        for (policy, before) in [
            (json!({"mtls": {"mode": "STRICT"}}), json!("STRICT")),
            (json!({"mtls": {"mode": "UNSET"}}), json!("UNSET")),
            (Value::Null, Value::Null),
        ] {
            let change = change(Some(&policy));
            assert_eq!(sent(&change.make), mode(json!("PERMISSIVE")));
            assert_eq!(sent(&change.revert), mode(before));
        }
    }

    #[test]
    fn a_policy_that_was_not_there_is_taken_away_again() {
        let change = change(None);
        assert_eq!(sent(&change.make)[0].1["metadata"]["namespace"], "ecotrack");
        assert_eq!(sent(&change.revert), [("DELETE", Value::Null)]);
    }
}
