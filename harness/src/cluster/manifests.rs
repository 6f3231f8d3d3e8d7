//! Objects of any kind: applied by the server, deleted, watched until gone; all labelled with the run.

use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::{GroupVersionKind, TypeMeta};
use kube::discovery::{ApiCapabilities, ApiResource, Scope, pinned_kind};
use kube::{Api, ResourceExt};
use serde::Deserialize;

use super::{Cluster, ClusterError};
use crate::eventually::{Unmet, WaitError, eventually};
use crate::run_id::{RUN_LABEL, RunId};

/// The name under which the harness owns fields of the objects it applies.
pub const FIELD_MANAGER: &str = "ecotrack-conformance";

/// Reads one or more YAML documents; empty ones are left out.
pub fn parse(yaml: &str) -> Result<Vec<DynamicObject>, ClusterError> {
    let mut objects = Vec::new();
    for document in serde_yaml_ng::Deserializer::from_str(yaml) {
        let value = serde_yaml_ng::Value::deserialize(document)
            .map_err(|error| ClusterError::Manifest(error.to_string()))?;
        if !value.is_null() {
            objects.push(
                serde_yaml_ng::from_value(value)
                    .map_err(|error| ClusterError::Manifest(error.to_string()))?,
            );
        }
    }
    Ok(objects)
}

/// Applies the objects in their order (server-side, forced) and labels them with the run.
pub async fn apply(
    cluster: &Cluster,
    run: &RunId,
    objects: &[DynamicObject],
) -> Result<(), ClusterError> {
    for object in objects {
        let mut object = object.clone();
        object.labels_mut().insert(RUN_LABEL.to_owned(), run.to_string());
        object.metadata.managed_fields = None;
        let api = api_of(cluster, &object).await?;
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        let doing = format!("applying {}", describe(&object));
        api.patch(&object.name_any(), &parameters, &Patch::Apply(&object))
            .await
            .map_err(ClusterError::api(doing))?;
    }
    Ok(())
}

/// Deletes the objects, last first; what is already gone is fine.
pub async fn delete(cluster: &Cluster, objects: &[DynamicObject]) -> Result<(), ClusterError> {
    for object in objects.iter().rev() {
        let api = api_of(cluster, object).await?;
        match api.delete(&object.name_any(), &DeleteParams::background()).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => {
                return Err(ClusterError::api(format!("deleting {}", describe(object)))(error));
            }
        }
    }
    Ok(())
}

/// Waits until none of the objects is there any more.
pub async fn await_gone(cluster: &Cluster, objects: &[DynamicObject]) -> Result<(), WaitError> {
    for object in objects {
        let what = format!("{} to be gone", describe(object));
        eventually(&what, cluster.timeouts().deletion, || async {
            match find(cluster, object).await? {
                None => Ok(()),
                Some(left) => {
                    Err(Unmet::not_yet(format!("still there, finalizers {:?}", left.finalizers())))
                }
            }
        })
        .await?;
    }
    Ok(())
}

/// Reads the object as it is in the cluster now.
pub async fn find(
    cluster: &Cluster,
    object: &DynamicObject,
) -> Result<Option<DynamicObject>, ClusterError> {
    let api = api_of(cluster, object).await?;
    api.get_opt(&object.name_any())
        .await
        .map_err(ClusterError::api(format!("reading {}", describe(object))))
}

/// An object that only names another: enough to find, patch or delete it.
#[must_use]
pub fn reference(
    api_version: &str,
    kind: &str,
    namespace: Option<&str>,
    name: &str,
) -> DynamicObject {
    DynamicObject {
        types: Some(TypeMeta { api_version: api_version.to_owned(), kind: kind.to_owned() }),
        metadata: kube::core::ObjectMeta {
            name: Some(name.to_owned()),
            namespace: namespace.map(str::to_owned),
            ..Default::default()
        },
        data: serde_json::Value::Null,
    }
}

/// The API of an object's kind, in its namespace when the kind has one.
pub async fn api_of(
    cluster: &Cluster,
    object: &DynamicObject,
) -> Result<Api<DynamicObject>, ClusterError> {
    let (resource, capabilities) = kind_of(cluster, object).await?;
    if capabilities.scope == Scope::Cluster {
        return Ok(Api::all_with(cluster.client(), &resource));
    }
    let namespace = object
        .namespace()
        .ok_or_else(|| ClusterError::Manifest(format!("{} has no namespace", describe(object))))?;
    Ok(Api::namespaced_with(cluster.client(), &namespace, &resource))
}

async fn kind_of(
    cluster: &Cluster,
    object: &DynamicObject,
) -> Result<(ApiResource, ApiCapabilities), ClusterError> {
    let types = object
        .types
        .as_ref()
        .ok_or_else(|| ClusterError::Manifest(format!("`{}` has no kind", object.name_any())))?;
    let kind = GroupVersionKind::try_from(types)
        .map_err(|error| ClusterError::Manifest(error.to_string()))?;
    let doing = format!("looking for the kind {} {}", types.api_version, types.kind);
    pinned_kind(&cluster.client(), &kind).await.map_err(ClusterError::api(doing))
}

/// Kind, namespace and name, as people write them.
#[must_use]
pub fn describe(object: &DynamicObject) -> String {
    let kind = object.types.as_ref().map_or("object", |types| types.kind.as_str());
    match object.namespace() {
        Some(namespace) => format!("{kind} {namespace}/{}", object.name_any()),
        None => format!("{kind} {}", object.name_any()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_documents_are_read_and_empty_ones_left_out() {
        let objects = parse("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: n}\n---\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n").unwrap();
        let names: Vec<String> = objects.iter().map(describe).collect();
        assert_eq!(names, ["ConfigMap n/a", "Namespace b"]);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert!(parse("- just\n- a list\n").is_err());
    }
}
