//! What was installed, recorded on the cluster itself: one digest per part.

use std::collections::BTreeMap;

use serde_json::json;

use crate::cluster::Cluster;
use crate::error::{Doing as _, InstallError};
use crate::manifest::Object;

const NAMESPACE: &str = "kube-system";
const NAME: &str = "ecotrack-platform";

/// The digests of the parts as they were installed last.
#[derive(Debug, Default)]
pub(crate) struct Record(BTreeMap<String, String>);

impl Record {
    /// Reads the record; a cluster without one has an empty record.
    pub(crate) async fn read(cluster: &Cluster) -> Result<Self, InstallError> {
        let found = cluster.get(&["configmap", NAME, "-n", NAMESPACE]).await?;
        Ok(found.first().map_or_else(Self::default, Self::of))
    }

    fn of(map: &Object) -> Self {
        let data = map.0.get("data").and_then(serde_json::Value::as_object);
        let entries = data.into_iter().flatten();
        Self(
            entries
                .filter_map(|(part, digest)| Some((part.clone(), digest.as_str()?.to_owned())))
                .collect(),
        )
    }

    /// Whether a part was installed with exactly this digest.
    pub(crate) fn holds(&self, part: &str, digest: &str) -> bool {
        self.0.get(part).is_some_and(|recorded| recorded == digest)
    }
}

/// The object that carries the record; it comes without entries, so applying it keeps them.
pub(crate) fn object() -> Object {
    Object(
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME, "namespace": NAMESPACE}}),
    )
}

/// Notes that a part is installed.
pub(crate) async fn note(cluster: &Cluster, part: &str, digest: &str) -> Result<(), InstallError> {
    let patch = json!({"data": {part: digest}}).to_string();
    let call = cluster.kubectl().args([
        "patch",
        "configmap",
        NAME,
        "-n",
        NAMESPACE,
        "--type",
        "merge",
        "-p",
        &patch,
    ]);
    call.run().await.map(drop).doing(format!("recording that {part} is installed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_unchanged_only_with_the_recorded_digest() {
        let mut map = object();
        map.0["data"] = json!({"data": "abc"});
        let record = Record::of(&map);
        assert!(record.holds("data", "abc"));
        assert!(!record.holds("data", "abd"));
        assert!(!record.holds("istio", "abc"));
    }

    #[test]
    fn a_cluster_without_a_record_holds_nothing() {
        assert!(!Record::of(&object()).holds("data", ""));
    }
}
