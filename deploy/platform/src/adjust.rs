//! The little that is not in the manifests: which storage a claim gets, and that pods follow their Secrets.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::foundation::Foundation;
use crate::image_records::ImageRecords;
use crate::manifest::{Object, hex};

const LOCAL_CLASS: &str = "ecotrack-local";
const SECRETS: &str = "ecotrack.dev/secrets";
const IMAGES: &str = "ecotrack.dev/images";
const WORKLOADS: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "Job"];

/// Where a one-node cluster keeps its volumes.
#[derive(Debug, Clone)]
pub(crate) struct LocalStorage {
    /// A folder on the node, which is this machine.
    pub(crate) root: PathBuf,
    /// The node's name.
    pub(crate) node: String,
}

/// Writes into each pod template a digest of the platform's Secrets it reads, so that a renewed certificate rolls the pods out.
pub(crate) fn follow_secrets(objects: &mut [Object], foundation: &Foundation) {
    for object in objects.iter_mut().filter(|object| WORKLOADS.contains(&object.kind())) {
        let namespace = object.namespace().to_owned();
        let mut names = BTreeSet::new();
        collect_secrets(&object.0["spec"]["template"]["spec"], &mut names);
        let digests: Vec<&str> =
            names.iter().filter_map(|name| foundation.secret_digest(&namespace, name)).collect();
        if !digests.is_empty() {
            annotate(&mut object.0, "/spec/template/metadata", SECRETS, &digests.join(" "));
        }
    }
}

/// Writes into each pod template the digests of its images, so that an image made anew under its old tag rolls the pods out.
/// Objects whose pods an operator makes have a place of their own for it.
pub(crate) fn follow_images(objects: &mut [Object], images: &ImageRecords) {
    for object in objects {
        let (pod, metadata) = match object.kind() {
            kind if WORKLOADS.contains(&kind) => ("/spec/template/spec", "/spec/template/metadata"),
            "Prometheus" | "Alertmanager" => ("/spec", "/spec/podMetadata"),
            _ => continue,
        };
        let mut names = BTreeSet::new();
        collect_images(object.0.pointer(pod).unwrap_or(&Value::Null), &mut names);
        let digests: Vec<&str> = names.iter().filter_map(|name| images.digest(name)).collect();
        if !digests.is_empty() {
            annotate(&mut object.0, metadata, IMAGES, &digests.join(" "));
        }
    }
}

fn collect_images(value: &Value, names: &mut BTreeSet<String>) {
    each_map(value, &mut |fields| {
        names.extend(fields.get("image").and_then(Value::as_str).map(str::to_owned));
    });
}

/// Writes an annotation into the metadata at a pointer: what it is made of may be long, so its digest.
fn annotate(object: &mut Value, metadata: &str, name: &str, made_of: &str) {
    let mut at = object;
    for part in metadata.split('/').skip(1) {
        at = &mut at[part];
    }
    at["annotations"][name] = hex(&Sha256::digest(made_of)).into();
}

fn collect_secrets(value: &Value, names: &mut BTreeSet<String>) {
    each_map(value, &mut |fields| {
        let volume = fields.get("secretName");
        let variable = fields.get("secretKeyRef").and_then(|reference| reference.get("name"));
        let read = [volume, variable].into_iter().flatten().filter_map(Value::as_str);
        names.extend(read.map(str::to_owned));
    });
}

/// Shows every map within a value, however deep.
fn each_map(value: &Value, look: &mut impl FnMut(&Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            look(fields);
            fields.values().for_each(|field| each_map(field, look));
        }
        Value::Array(items) => items.iter().for_each(|item| each_map(item, look)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Gives every claim of a stateful set a volume in a folder of the node. Answers with the objects to apply before, and the folders that must exist.
pub(crate) fn use_local_storage(
    objects: &mut [Object],
    storage: &LocalStorage,
) -> (Vec<Object>, Vec<PathBuf>) {
    let mut before = Vec::new();
    let mut folders = Vec::new();
    for set in objects.iter_mut().filter(|object| object.kind() == "StatefulSet") {
        let (namespace, name) = (set.namespace().to_owned(), set.name().to_owned());
        let claims = set.0.pointer_mut("/spec/volumeClaimTemplates").and_then(Value::as_array_mut);
        for claim in claims.into_iter().flatten() {
            claim["spec"]["storageClassName"] = LOCAL_CLASS.into();
            let claim_name =
                format!("{}-{name}-0", claim["metadata"]["name"].as_str().unwrap_or_default());
            let folder = storage.root.join(&namespace).join(&claim_name);
            before.push(volume(
                &namespace,
                &claim_name,
                &claim["spec"]["resources"]["requests"]["storage"],
                &folder,
                &storage.node,
            ));
            folders.push(folder);
        }
    }
    if !before.is_empty() {
        before.insert(0, class());
    }
    (before, folders)
}

fn class() -> Object {
    Object(json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": LOCAL_CLASS},
        "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer", "reclaimPolicy": "Retain",
    }))
}

fn volume(namespace: &str, claim: &str, size: &Value, folder: &Path, node: &str) -> Object {
    Object(json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": format!("{namespace}-{claim}")},
        "spec": {
            "capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": LOCAL_CLASS, "local": {"path": folder},
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace, "name": claim},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]}},
        },
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::parse_yaml;

    const SET: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: postgres, namespace: data}
spec:
  template:
    spec:
      containers: [{name: postgres, env: [{name: P, valueFrom: {secretKeyRef: {name: postgres-auth, key: openbao}}}]}]
      volumes: [{name: c, secret: {secretName: postgres-tls}}, {name: o, secret: {secretName: somebody-elses}}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {resources: {requests: {storage: 4Gi}}}
";

    fn foundation(certificate: &str) -> Foundation {
        let secret = |name: &str, value: &str| {
            Object(
                json!({"kind": "Secret", "metadata": {"name": name, "namespace": "data"}, "data": {"a": value}}),
            )
        };
        Foundation::of(&[secret("postgres-auth", "x"), secret("postgres-tls", certificate)])
    }

    fn annotation(foundation: &Foundation) -> Value {
        let mut objects = parse_yaml("test", SET).unwrap();
        follow_secrets(&mut objects, foundation);
        objects[0].0["spec"]["template"]["metadata"]["annotations"][SECRETS].clone()
    }

    #[test]
    fn pods_change_when_a_secret_they_read_changes_and_only_then() {
        assert_eq!(annotation(&foundation("1")), annotation(&foundation("1")));
        assert_ne!(annotation(&foundation("1")), annotation(&foundation("2")));
        assert_eq!(annotation(&Foundation::default()), Value::Null);
    }

    #[test]
    fn pods_change_when_an_image_was_made_anew_and_only_then() {
        let annotation = |digest: &str, kind: &str, place: &str| {
            let folder = tempfile::tempdir().unwrap();
            let record = json!({"key": "k", "digest": digest}).to_string();
            std::fs::write(folder.path().join("quay.io_a_b_v1.json"), record).unwrap();
            let pod = json!({"containers": [{"image": "quay.io/a/b:v1"}]});
            let spec = json!({"image": "quay.io/a/b:v1", "template": {"spec": pod}});
            let mut objects =
                [Object(json!({"kind": kind, "metadata": {"name": "b"}, "spec": spec}))];
            follow_images(&mut objects, &ImageRecords::read(Some(folder.path())).unwrap());
            let place = format!("{place}/annotations/ecotrack.dev~1images");
            objects[0].0.pointer(&place).cloned()
        };
        for (kind, place) in
            [("Deployment", "/spec/template/metadata"), ("Prometheus", "/spec/podMetadata")]
        {
            let one = annotation("sha256:1", kind, place);
            assert!(one.is_some(), "{kind}");
            assert_eq!(one, annotation("sha256:1", kind, place));
            assert_ne!(one, annotation("sha256:2", kind, place));
        }
        assert_eq!(annotation("sha256:1", "ConfigMap", "/spec/template/metadata"), None);
    }

    #[test]
    fn a_claim_gets_a_folder_of_the_node_reserved_for_it() {
        let mut objects = parse_yaml("test", SET).unwrap();
        let storage = LocalStorage { root: PathBuf::from("/volumes"), node: "one".to_owned() };
        let (before, folders) = use_local_storage(&mut objects, &storage);
        assert_eq!(folders, [PathBuf::from("/volumes/data/data-postgres-0")]);
        assert_eq!(
            before.iter().map(Object::label).collect::<Vec<_>>(),
            ["StorageClass ecotrack-local", "PersistentVolume data-data-postgres-0"]
        );
        assert_eq!(before[1].0["spec"]["claimRef"]["name"], "data-postgres-0");
        assert_eq!(before[1].0["spec"]["capacity"]["storage"], "4Gi");
        assert_eq!(
            objects[0].0["spec"]["volumeClaimTemplates"][0]["spec"]["storageClassName"],
            LOCAL_CLASS
        );
    }
}
