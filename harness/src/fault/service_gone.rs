//! A service without a pod, for a drill: scaled away, and scaled back to what it was.

use async_trait::async_trait;
use conformance_probe::change::Change;
use serde_json::json;

use super::Sabotage;
use super::change::{Grant, Plan, merge_patch};
use crate::cluster::rollout::replicas;
use crate::component::{places, pods};
use crate::eventually::{Observed, Unmet};
use crate::suite::Suite;

/// Takes all pods of one service away.
pub struct ServiceGone {
    service: String,
}

impl ServiceGone {
    /// Of this service.
    #[must_use]
    pub fn new(service: &str) -> Self {
        Self { service: service.to_owned() }
    }

    async fn count(&self, suite: &Suite) -> anyhow::Result<(usize, usize)> {
        let pods = pods::list(suite.cluster()).await?;
        let own: Vec<_> = pods.iter().filter(|pod| pod.app == self.service).collect();
        Ok((own.len(), own.iter().filter(|pod| pod.ready).count()))
    }
}

#[async_trait]
impl Sabotage for ServiceGone {
    fn name(&self) -> &'static str {
        "service-gone"
    }

    async fn plan(&self, suite: &Suite) -> anyhow::Result<Plan> {
        let now = replicas(suite.cluster(), places::ECOTRACK, &self.service).await?;
        anyhow::ensure!(now > 0, "{} has no replicas already", self.service);
        let path =
            format!("/apis/apps/v1/namespaces/{}/deployments/{}", places::ECOTRACK, self.service);
        let scaled =
            |replicas: i32| vec![merge_patch(&path, &json!({"spec": {"replicas": replicas}}))];
        let grant = Grant {
            namespace: places::ECOTRACK.to_owned(),
            group: "apps",
            resource: "deployments",
            name: self.service.clone(),
            verb: "patch",
        };
        Ok(Plan { change: Change { make: scaled(0), revert: scaled(now) }, grants: vec![grant] })
    }

    async fn armed(&self, suite: &Suite) -> Observed<String> {
        match self.count(suite).await? {
            (0, _) => Ok(format!("{} has no pod", self.service)),
            (pods, _) => Err(Unmet::not_yet(format!("{} still has {pods} pods", self.service))),
        }
    }

    async fn gone(&self, suite: &Suite) -> Observed<String> {
        match self.count(suite).await? {
            (pods, ready) if pods > 0 && pods == ready => {
                Ok(format!("{} has {ready} ready pods", self.service))
            }
            (pods, ready) => {
                Err(Unmet::not_yet(format!("{} has {ready} of {pods} pods ready", self.service)))
            }
        }
    }
}
