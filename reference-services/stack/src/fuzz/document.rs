//! What a service says it can do.

use std::collections::BTreeSet;

use anyhow::Context as _;
use serde_json::Value;
use url::Url;

use crate::stack::client;

/// Methods an operation of a document may have.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

/// The operations of the document a service shows, as `GET /path/{id}`.
pub(super) async fn operations(base: &Url) -> anyhow::Result<BTreeSet<String>> {
    let document: Value =
        client()?.get(base.join("/openapi.json")?).send().await?.error_for_status()?.json().await?;
    named(&document)
}

fn named(document: &Value) -> anyhow::Result<BTreeSet<String>> {
    let paths = document["paths"].as_object().context("the document has no paths")?;
    Ok(paths
        .iter()
        .flat_map(|(path, item)| {
            let has = |method: &&str| item.get(*method).is_some();
            METHODS
                .into_iter()
                .filter(has)
                .map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_named_as_the_fuzzer_names_them() {
        let document =
            serde_json::json!({"paths": {"/a/{id}": {"get": {}, "delete": {}, "parameters": []}}});
        let expected = BTreeSet::from(["GET /a/{id}".to_owned(), "DELETE /a/{id}".to_owned()]);
        assert_eq!(named(&document).unwrap(), expected);
    }
}
