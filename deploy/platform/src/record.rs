//! What was installed, recorded on the cluster itself: per part or release what it was made of and which objects came of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::error::{Doing as _, InstallError};
use crate::manifest::Object;

const NAMESPACE: &str = "kube-system";
const NAME: &str = "ecotrack-platform";

/// The parts as they were installed last.
#[derive(Default)]
pub(crate) struct Record {
    is_there: bool,
    parts: BTreeMap<String, Value>,
}

impl Record {
    /// Reads the record; a cluster without one has an empty record.
    pub(crate) async fn read(cluster: &Cluster) -> Result<Self, InstallError> {
        let found = cluster.get(&["configmap", NAME, "-n", NAMESPACE]).await?;
        Ok(found.first().map_or_else(Self::default, Self::of))
    }

    /// An entry that cannot be read counts as none: its part is installed again.
    fn of(map: &Object) -> Self {
        let data = map.0.get("data").and_then(Value::as_object);
        let entry = |(part, text): (&String, &Value)| {
            Some((part.clone(), serde_json::from_str(text.as_str()?).ok()?))
        };
        Self { is_there: true, parts: data.into_iter().flatten().filter_map(entry).collect() }
    }

    /// Whether the cluster has a record at all.
    pub(crate) fn is_there(&self) -> bool {
        self.is_there
    }

    /// What a part was made of when it was installed last.
    pub(crate) fn fingerprint(&self, part: &str) -> Option<&str> {
        self.parts.get(part)?["fingerprint"].as_str()
    }

    /// The names of a part's objects, if it was made of exactly this.
    pub(crate) fn objects(&self, part: &str, fingerprint: &str) -> Option<Vec<Object>> {
        let entry = self.parts.get(part).filter(|entry| entry["fingerprint"] == fingerprint)?;
        Some(entry["objects"].as_array()?.iter().cloned().map(Object).collect())
    }
}

/// The object that carries the record; it comes without entries, so applying it keeps them.
pub(crate) fn object() -> Object {
    Object(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
    }))
}

/// Notes that a part is installed.
pub(crate) async fn note(
    cluster: &Cluster,
    part: &str,
    fingerprint: &str,
    objects: &[Object],
) -> Result<(), InstallError> {
    let patch = json!({"data": {part: entry(fingerprint, objects)}}).to_string();
    let call = cluster.kubectl().args(["patch", "configmap", NAME, "-n", NAMESPACE]);
    let call = call.args(["--type", "merge", "-p", &patch]);
    call.run_patiently().await.map(drop).doing(format!("recording that {part} is installed"))
}

fn entry(fingerprint: &str, objects: &[Object]) -> String {
    let names: Vec<Value> = objects.iter().map(|object| object.identity().0).collect();
    json!({"fingerprint": fingerprint, "objects": names}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> Record {
        let mut map = object();
        map.0["data"] = json!({"data": text});
        Record::of(&map)
    }

    #[test]
    fn a_part_is_unchanged_only_if_it_is_made_of_the_same() {
        let set = Object(json!({
            "apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {"replicas": 1},
            "metadata": {"name": "kafka", "namespace": "data"},
        }));
        let record = record(&entry("abc", &[set]));
        let labels = |part, fingerprint| {
            let objects: Option<Vec<Object>> = record.objects(part, fingerprint);
            objects.map(|objects| objects.iter().map(Object::label).collect::<Vec<_>>())
        };
        assert_eq!(labels("data", "abc"), Some(vec!["StatefulSet data/kafka".to_owned()]));
        assert_eq!(labels("data", "abd"), None);
        assert_eq!(labels("istio", "abc"), None);
    }

    #[test]
    fn a_record_that_cannot_be_read_counts_as_none() {
        assert!(record("0123abcd").objects("data", "0123abcd").is_none());
        assert!(Record::of(&object()).objects("data", "").is_none());
    }
}
