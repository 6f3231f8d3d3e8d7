//! The gateway lets everything through: its limit made for pods that there are not.

use async_trait::async_trait;
use conformance_probe::Attempt;
use serde_json::json;

use super::change::{Grant, Plan, merge_patch};
use super::{Change, Sabotage};
use crate::component::{gateway, places, probes::Probes};
use crate::eventually::{Observed, Unmet};
use crate::services::Ids;
use crate::suite::Suite;

const NAME: &str = "client-limit";
const PATH: &str =
    "/apis/networking.istio.io/v1alpha3/namespaces/istio-ingress/envoyfilters/client-limit";
/// What the gateway tells of a bucket as long as it has one.
const HEADER: &str = "x-ratelimit-limit";

/// No client is turned away, whatever it asks.
pub(super) struct LimitLifted;

impl LimitLifted {
    async fn ask(suite: &Suite) -> anyhow::Result<Attempt> {
        let probe = suite.component::<Probes>().await?.plain().await?;
        gateway::knock(suite.cluster(), &probe, &Ids::unrelated()).await
    }
}

#[async_trait]
impl Sabotage for LimitLifted {
    fn name(&self) -> &'static str {
        "limit-lifted"
    }

    async fn plan(&self, _suite: &Suite) -> anyhow::Result<Plan> {
        let selecting = |pods: &str| {
            merge_patch(PATH, &json!({"spec": {"workloadSelector": {"labels": {"istio": pods}}}}))
        };
        let grant = Grant {
            namespace: places::INGRESS.to_owned(),
            group: "networking.istio.io",
            resource: "envoyfilters",
            name: NAME.to_owned(),
            verb: "patch",
        };
        let change = Change {
            make: vec![selecting("conformance-nobody")],
            revert: vec![selecting(places::GATEWAY)],
        };
        Ok(Plan { change, grants: vec![grant] })
    }

    async fn armed(&self, suite: &Suite) -> Observed<String> {
        let Attempt { status, headers, .. } = Self::ask(suite).await?;
        match headers.get(HEADER) {
            None => Ok(format!("the gateway answers {status:?} without {HEADER}")),
            Some(limit) => Err(Unmet::not_yet(format!("the gateway still says {HEADER}: {limit}"))),
        }
    }

    async fn gone(&self, suite: &Suite) -> Observed<String> {
        let Attempt { headers, .. } = Self::ask(suite).await?;
        match headers.get(HEADER) {
            Some(limit) => Ok(format!("the gateway says {HEADER}: {limit}")),
            None => Err(Unmet::not_yet(format!("the gateway says no {HEADER}"))),
        }
    }
}
