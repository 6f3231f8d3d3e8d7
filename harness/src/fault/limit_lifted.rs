//! The gateway lets everything through: its limit made for pods that there are not.

use anyhow::Context;
use async_trait::async_trait;
use conformance_probe::Attempt;
use serde_json::{Value, json};

use super::change::{Grant, Plan, merge_patch};
use super::{Change, Sabotage};
use crate::cluster::manifests::{find, reference};
use crate::component::gateway::Gateway;
use crate::component::places;
use crate::eventually::{Observed, Unmet};
use crate::services::Ids;
use crate::suite::Suite;

const VERSION: &str = "networking.istio.io/v1alpha3";
const NAME: &str = "client-limit";
const PATH: &str =
    "/apis/networking.istio.io/v1alpha3/namespaces/istio-ingress/envoyfilters/client-limit";
/// No pod carries this.
const NOBODY: &str = "conformance-nobody";
/// What the gateway tells of a bucket as long as it has one.
const HEADER: &str = "x-ratelimit-limit";

/// Makes the filter for nobody, and then for those it was for: which pods it was for, and whether it named any, is the platform's
/// own business.
fn change(selector: &Value) -> Change {
    let select =
        |selector: Value| merge_patch(PATH, &json!({"spec": {"workloadSelector": selector}}));
    let label = |value: &Value| json!({"labels": {"istio": value}});
    let found = if selector.is_null() { Value::Null } else { label(&selector["labels"]["istio"]) };
    Change { make: vec![select(label(&json!(NOBODY)))], revert: vec![select(found)] }
}

/// No client is turned away, whatever it asks.
pub(super) struct LimitLifted;

impl LimitLifted {
    async fn ask(suite: &Suite) -> anyhow::Result<Attempt> {
        suite.component::<Gateway>().await?.knock(&Ids::unrelated()).await
    }
}

#[async_trait]
impl Sabotage for LimitLifted {
    fn name(&self) -> &'static str {
        "limit-lifted"
    }

    async fn plan(&self, suite: &Suite) -> anyhow::Result<Plan> {
        let filter = reference(VERSION, "EnvoyFilter", Some(places::INGRESS), NAME);
        let found = find(suite.cluster(), &filter).await?.with_context(|| {
            format!("there is no envoyfilter {}/{NAME}, so no limit to lift", places::INGRESS)
        })?;
        let grant = Grant {
            namespace: places::INGRESS.to_owned(),
            group: "networking.istio.io",
            resource: "envoyfilters",
            name: NAME.to_owned(),
            verb: "patch",
        };
        let change = change(&found.data["spec"]["workloadSelector"]);
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

#[cfg(test)]
mod tests {
    use super::*;
    use conformance_probe::change::ApiRequest;

    fn selected(requests: &[ApiRequest]) -> Value {
        let body = requests[0].body.as_deref().unwrap();
        let body: Value = serde_json::from_str(body).unwrap();
        body["spec"]["workloadSelector"].clone()
    }

    #[test]
    fn the_filter_is_for_those_again_that_it_was_for() {
        for (found, after) in [
            (json!({"labels": {"istio": "edge"}}), json!({"labels": {"istio": "edge"}})),
            (json!({"labels": {"app": "edge"}}), json!({"labels": {"istio": null}})),
            (Value::Null, Value::Null),
        ] {
            let change = change(&found);
            assert_eq!(selected(&change.make), json!({"labels": {"istio": NOBODY}}));
            assert_eq!(selected(&change.revert), after);
        }
    }
}
