//! Questions about rendered manifests.

use serde::Deserialize;
use serde_json::Value;

use super::helm::Release;

/// The objects that a release makes.
pub(crate) struct Rendered(Vec<Value>);

impl Rendered {
    /// Renders and parses; Helm's refusal fails the test with Helm's words.
    pub(crate) fn of(release: &Release) -> Self {
        let text = release.render().unwrap_or_else(|refusal| {
            panic!("{} of {:?}: {refusal}", release.name, release.values)
        });
        let documents = serde_yaml_ng::Deserializer::from_str(&text)
            .map(|document| Value::deserialize(document).expect("rendered YAML"));
        Self(documents.filter(|document| !document.is_null()).collect())
    }

    /// All objects.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Value> {
        self.0.iter()
    }

    /// All objects of a kind.
    pub(crate) fn kind(&self, kind: &'static str) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |object| object["kind"] == kind)
    }

    /// The one object of a kind.
    pub(crate) fn only(&self, kind: &'static str) -> &Value {
        let mut found = self.kind(kind);
        let first = found.next().unwrap_or_else(|| panic!("no {kind}"));
        assert!(found.next().is_none(), "more than one {kind}");
        first
    }

    /// The specification of every pod: the Deployment's and the Helm test's.
    pub(crate) fn pods(&self) -> impl Iterator<Item = &Value> {
        self.kind("Deployment")
            .map(|deployment| &deployment["spec"]["template"]["spec"])
            .chain(self.kind("Pod").map(|pod| &pod["spec"]))
    }
}

/// Name of an object.
pub(crate) fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().expect("a name")
}

/// The strings of a list; an absent list is empty.
pub(crate) fn strings(list: &Value) -> Vec<&str> {
    list.as_array()
        .map(|items| items.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default()
}

/// The items of a list; an absent list is empty.
pub(crate) fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// Thousandths of a core in `200m` or `1`.
pub(crate) fn millicores(quantity: &Value) -> u32 {
    let text = quantity.as_str().expect("a cpu quantity");
    text.strip_suffix('m').map_or_else(
        || text.parse::<u32>().expect("cores") * 1000,
        |milli| milli.parse().expect("millicores"),
    )
}
