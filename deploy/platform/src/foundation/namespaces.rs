//! Namespaces with their labels, the harness's identity, and the CA where it is needed.

use serde_json::{Value, json};

use crate::manifest::Object;

/// What its pods may do at most, by Kubernetes' own levels; nothing where the mesh's init container needs more.
const NAMESPACES: [(&str, &[(&str, &str)]); 9] = [
    ("ecotrack", &[("istio-injection", "enabled")]),
    ("istio-ingress", &[("istio-injection", "enabled")]),
    ("istio-system", &[]),
    ("external", &[RESTRICTED]),
    ("data", &[RESTRICTED]),
    ("openbao", &[RESTRICTED]),
    ("external-secrets", &[RESTRICTED]),
    ("observability", &[]),
    (CONFORMANCE, &[]),
];
const RESTRICTED: (&str, &str) = ("pod-security.kubernetes.io/enforce", "restricted");
const CONFORMANCE: &str = "ecotrack-conformance";
/// Namespaces with clients of the platform's servers.
const WITH_CA: [&str; 4] = ["ecotrack", "external", "observability", CONFORMANCE];

/// The namespaces, and the service account the harness shows to OpenBao.
pub(super) fn wanted() -> Vec<Object> {
    let mut objects: Vec<Object> =
        NAMESPACES.iter().map(|(name, labels)| namespace(name, labels)).collect();
    objects.push(Object(json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "automountServiceAccountToken": false,
        "metadata": {"name": "conformance", "namespace": CONFORMANCE},
    })));
    objects
}

/// The map `platform-ca` in every namespace that needs it.
pub(super) fn ca_maps(certificate: &str) -> Vec<Object> {
    let map = |namespace: &&str| {
        Object(json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "platform-ca", "namespace": namespace}, "data": {"ca.crt": certificate},
        }))
    };
    WITH_CA.iter().map(map).collect()
}

fn namespace(name: &str, labels: &[(&str, &str)]) -> Object {
    let common = [("app.kubernetes.io/part-of", "ecotrack-platform")];
    let labels: serde_json::Map<String, Value> = common
        .iter()
        .chain(labels)
        .map(|(key, value)| ((*key).to_owned(), (*value).into()))
        .collect();
    Object(
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pods_of_the_services_and_of_the_gateway_are_injected_and_no_others() {
        let objects = wanted();
        let injected: Vec<&str> = objects
            .iter()
            .filter(|object| object.0["metadata"]["labels"]["istio-injection"] == "enabled")
            .map(Object::name)
            .collect();
        assert_eq!(injected, ["ecotrack", "istio-ingress"]);
    }
}
