//! Nobody hears of the providers: the gateway turns their reports away.

use async_trait::async_trait;
use serde_json::json;

use super::change::{Grant, Plan, create, delete};
use super::{Change, Sabotage};
use crate::check::http::refused_by_the_mesh;
use crate::component::places;
use crate::eventually::{Observed, Unmet};
use crate::run_id::RUN_LABEL;
use crate::services::{Answer, Call, EcoTrack, Ids};
use crate::suite::Suite;

const COLLECTION: &str =
    "/apis/security.istio.io/v1/namespaces/istio-ingress/authorizationpolicies";
const NAME: &str = "conformance-reports-refused";
/// Where reports arrive; asked without a signature, which is no report.
const ASKED: &str = "/api/payments/webhooks/stripe";
const TURNED_AWAY: [&str; 2] = ["/api/payments/webhooks/*", "/api/notifications/webhooks/*"];

/// No report comes in.
pub(super) struct ReportsRefused;

impl ReportsRefused {
    async fn ask(suite: &Suite) -> anyhow::Result<Answer> {
        let call = Call::post(ASKED, &json!({}));
        suite.component::<EcoTrack>().await?.send(&call, &Ids::unrelated()).await
    }
}

#[async_trait]
impl Sabotage for ReportsRefused {
    fn name(&self) -> &'static str {
        "reports-refused"
    }

    async fn plan(&self, suite: &Suite) -> anyhow::Result<Plan> {
        let policy = json!({
            "apiVersion": "security.istio.io/v1",
            "kind": "AuthorizationPolicy",
            "metadata": {"name": NAME, "namespace": places::INGRESS, "labels": {RUN_LABEL: suite.run().as_str()}},
            "spec": {
                "selector": {"matchLabels": {"istio": places::GATEWAY}},
                "action": "DENY",
                "rules": [{"to": [{"operation": {"paths": TURNED_AWAY}}]}],
            },
        });
        let grant = |verb: &'static str| Grant {
            namespace: places::INGRESS.to_owned(),
            group: "security.istio.io",
            resource: "authorizationpolicies",
            name: NAME.to_owned(),
            verb,
        };
        let change = Change {
            make: vec![create(COLLECTION, &policy)],
            revert: vec![delete(&format!("{COLLECTION}/{NAME}"))],
        };
        Ok(Plan { change, grants: vec![grant("create"), grant("delete")] })
    }

    async fn armed(&self, suite: &Suite) -> Observed<String> {
        let answer = Self::ask(suite).await?;
        Ok(refused_by_the_mesh(&answer)?)
    }

    async fn gone(&self, suite: &Suite) -> Observed<String> {
        let answer = Self::ask(suite).await?;
        if answer.status == 400 {
            Ok(format!("payment-service itself refuses what is not signed: {answer}"))
        } else {
            Err(Unmet::not_yet(format!("what is not signed is answered with {answer}")))
        }
    }
}
