//! The pod that ends a change: it holds the requests and the rights, and acts by itself when the life is over.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Pod, ServiceAccount};
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use super::change::Plan;
use crate::cluster::manifests::{FIELD_MANAGER, apply, await_gone, delete};
use crate::cluster::probe_pod::PROGRAM;
use crate::cluster::{Cluster, PodRef, exec};
use crate::component::places;
use crate::eventually::{Unmet, eventually};
use crate::run_id::{RUN_LABEL, RunId};
use crate::suite::Suite;

/// The account of the pods that end changes.
const ACCOUNT: &str = "conformance-sabotage";
/// The label by which a sweep finds what ends a change; it names the change.
const FAULT_LABEL: &str = "ecotrack.dev/fault";
const FILE: &str = "/change/change.json";

/// A running pod that will take its change back.
pub(super) struct Expiry {
    pod: PodRef,
    objects: Vec<DynamicObject>,
}

impl Expiry {
    /// Starts the pod and waits until it is ready: from now on the change has an end.
    pub(super) async fn begin(suite: &Suite, name: &str, plan: &Plan) -> anyhow::Result<Self> {
        let cluster = suite.cluster();
        ensure_account(cluster).await?;
        let full_name = format!("fault-{name}-{:04x}", rand::random::<u16>());
        let end = SystemTime::now() + suite.timeouts().fault_life;
        let end = end.duration_since(UNIX_EPOCH)?.as_secs();
        let job = job(&full_name, name, cluster.probe_image(), end);
        let objects = objects(&manifests(&full_name, plan, job)?)?;
        apply(cluster, suite.run(), &objects).await?;
        let pod = ready_pod(cluster, &full_name).await?;
        Ok(Self { pod, objects })
    }

    /// Has the pod send the requests that make the change.
    pub(super) async fn make(&self, cluster: &Cluster) -> anyhow::Result<()> {
        send(cluster, &self.pod, "make").await
    }

    /// Has the pod take the change back now.
    pub(super) async fn revert(&self, cluster: &Cluster) -> anyhow::Result<()> {
        send(cluster, &self.pod, "revert").await
    }

    /// Takes away the pod and its rights.
    pub(super) async fn end(self, cluster: &Cluster) -> anyhow::Result<()> {
        delete(cluster, &self.objects).await?;
        await_gone(cluster, &self.objects).await?;
        Ok(())
    }
}

/// Has what holds the changes of this run take them back now; what has ended has done so already.
pub async fn revert_all(cluster: &Cluster, run: &RunId) -> anyhow::Result<()> {
    let jobs: Api<Job> = Api::namespaced(cluster.client(), places::CONFORMANCE);
    let labels = format!("{RUN_LABEL}={run},{FAULT_LABEL}");
    let found = jobs.list(&ListParams::default().labels(&labels)).await;
    for job in found.context("looking for faults in force")? {
        let succeeded = job.status.as_ref().and_then(|status| status.succeeded).unwrap_or_default();
        if succeeded == 0 {
            let pod = ready_pod(cluster, &job.name_any()).await?;
            send(cluster, &pod, "revert").await?;
        }
    }
    Ok(())
}

async fn send(cluster: &Cluster, pod: &PodRef, which: &str) -> anyhow::Result<()> {
    let executed =
        exec(cluster, pod, &[PROGRAM, "send", "--file", FILE, "--which", which], None).await?;
    ensure!(
        executed.code == 0,
        "the requests that {which} the change failed in pod {pod}: {}",
        executed.stderr.trim()
    );
    Ok(())
}

/// A Job replaces its pod when that is lost, so the pod is looked for by the Job's label.
async fn ready_pod(cluster: &Cluster, job: &str) -> anyhow::Result<PodRef> {
    let pods: Api<Pod> = Api::namespaced(cluster.client(), places::CONFORMANCE);
    let of_job = ListParams::default().labels(&format!("batch.kubernetes.io/job-name={job}"));
    let what = format!("the pod of job {job} to be ready");
    let name = eventually(&what, cluster.timeouts().probe_ready, || async {
        let found = pods.list(&of_job).await?;
        let ready = found.iter().find(|pod| is_ready(pod)).map(ResourceExt::name_any);
        ready.ok_or_else(|| Unmet::not_yet(format!("{} pods, none ready", found.items.len())))
    })
    .await?;
    Ok(PodRef::new(places::CONFORMANCE, name))
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

fn objects(manifests: &[Value]) -> anyhow::Result<Vec<DynamicObject>> {
    manifests.iter().map(|manifest| Ok(serde_json::from_value(manifest.clone())?)).collect()
}

/// The account belongs to no run: another run may be using it.
async fn ensure_account(cluster: &Cluster) -> anyhow::Result<()> {
    let account = json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": ACCOUNT, "namespace": places::CONFORMANCE},
        "automountServiceAccountToken": false,
    });
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client(), places::CONFORMANCE);
    let parameters = PatchParams::apply(FIELD_MANAGER).force();
    let applied = accounts.patch(ACCOUNT, &parameters, &Patch::Apply(account)).await;
    applied
        .map(drop)
        .with_context(|| format!("making serviceaccount {}/{ACCOUNT}", places::CONFORMANCE))
}

/// The change, the rights that it needs, and the job that holds both, in this order.
fn manifests(full_name: &str, plan: &Plan, job: Value) -> anyhow::Result<Vec<Value>> {
    let mut manifests = vec![json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": full_name, "namespace": places::CONFORMANCE},
        "data": {"change.json": serde_json::to_string(&plan.change)?},
    })];
    let mut namespaces: Vec<&String> = plan.grants.iter().map(|grant| &grant.namespace).collect();
    namespaces.sort();
    namespaces.dedup();
    for namespace in namespaces {
        let rules: Vec<Value> = plan
            .grants
            .iter()
            .filter(|grant| grant.namespace == *namespace)
            .map(super::change::Grant::rule)
            .collect();
        manifests.push(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": full_name, "namespace": namespace},
            "rules": rules,
        }));
        manifests.push(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": full_name, "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": full_name},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": places::CONFORMANCE}],
        }));
    }
    manifests.push(job);
    Ok(manifests)
}

fn job(full_name: &str, name: &str, image: &str, end: u64) -> Value {
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": full_name, "namespace": places::CONFORMANCE, "labels": {FAULT_LABEL: name}},
        "spec": {
            "backoffLimit": 20,
            "template": {
                "metadata": {"labels": {FAULT_LABEL: name, "sidecar.istio.io/inject": "false"}},
                "spec": {
                    "serviceAccountName": ACCOUNT,
                    "automountServiceAccountToken": true,
                    "enableServiceLinks": false,
                    "restartPolicy": "OnFailure",
                    "terminationGracePeriodSeconds": 2,
                    "securityContext": {"runAsNonRoot": true, "runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001, "seccompProfile": {"type": "RuntimeDefault"}},
                    "containers": [{
                        "name": "expiry",
                        "image": image,
                        "imagePullPolicy": "IfNotPresent",
                        "command": [PROGRAM],
                        "args": ["expire", "--file", FILE, "--at", end.to_string()],
                        "resources": {"requests": {"cpu": "5m", "memory": "16Mi"}, "limits": {"cpu": "200m", "memory": "64Mi"}},
                        "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}},
                        "volumeMounts": [
                            {"name": "change", "mountPath": "/change", "readOnly": true},
                            {"name": "openbao", "mountPath": "/var/run/secrets/openbao", "readOnly": true},
                            {"name": "ca", "mountPath": "/var/run/secrets/ecotrack/ca", "readOnly": true},
                        ],
                    }],
                    "volumes": [
                        {"name": "change", "configMap": {"name": full_name}},
                        {"name": "openbao", "projected": {"sources": [{"serviceAccountToken": {"path": "token", "audience": "openbao", "expirationSeconds": 3600}}]}},
                        {"name": "ca", "configMap": {"name": "platform-ca", "optional": true}},
                    ],
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Change, Grant};

    fn plan() -> Plan {
        let grant = |namespace: &str, verb| Grant {
            namespace: namespace.to_owned(),
            group: "apps",
            resource: "deployments",
            name: "product-service".to_owned(),
            verb,
        };
        Plan {
            change: Change::default(),
            grants: vec![grant("ecotrack", "patch"), grant("ecotrack", "create")],
        }
    }

    fn made() -> Vec<Value> {
        let job = job("fault-x-0001", "x", "registry.example/probe:v1", 1_795_379_719);
        manifests("fault-x-0001", &plan(), job).unwrap()
    }

    fn of_kind(kind: &str) -> Value {
        made().into_iter().find(|manifest| manifest["kind"] == kind).unwrap()
    }

    #[test]
    fn a_sweep_finds_what_ends_a_change_by_its_label() {
        assert_eq!(of_kind("Job")["metadata"]["labels"][FAULT_LABEL], "x");
    }

    #[test]
    fn the_pod_is_of_the_image_that_the_nodes_can_pull() {
        let containers = &of_kind("Job")["spec"]["template"]["spec"]["containers"];
        assert_eq!(containers[0]["image"], "registry.example/probe:v1");
    }

    #[test]
    fn the_right_is_limited_to_the_object_where_a_name_can_limit_it() {
        let rules = &of_kind("Role")["rules"];
        assert_eq!(rules[0]["resourceNames"], json!(["product-service"]));
        assert_eq!(rules[1]["verbs"], json!(["create"]));
        assert!(rules[1].get("resourceNames").is_none());
    }

    #[test]
    fn the_end_is_a_point_in_time_that_a_restart_does_not_move() {
        let arguments = &of_kind("Job")["spec"]["template"]["spec"]["containers"][0]["args"];
        assert_eq!(arguments[4], "1795379719");
    }
}
