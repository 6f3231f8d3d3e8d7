//! Generated documents against committed files.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// Set to rewrite committed files instead of comparing.
const BLESS: &str = "ECOTRACK_BLESS";

/// A path relative to the package whose test runs, for example `../contracts/openapi/order-service.json`.
pub(super) fn in_package(path: &str) -> anyhow::Result<PathBuf> {
    let package = std::env::var("CARGO_MANIFEST_DIR")
        .context("CARGO_MANIFEST_DIR is not set; run the tests with cargo")?;
    Ok(PathBuf::from(package).join(path))
}

/// Fails unless a generated document is the committed one. With `ECOTRACK_BLESS=1` it is written instead. A JSON document whose
/// references lead nowhere is refused either way: nobody could read it.
pub fn assert_committed(path_from_manifest: &str, text: &str) -> anyhow::Result<()> {
    let path = in_package(path_from_manifest)?;
    if let Ok(document) = serde_json::from_str(text) {
        expect_references(&document, &document)?;
    }
    let text = format!("{}\n", text.trim_end());
    if std::env::var_os(BLESS).is_some() {
        std::fs::create_dir_all(path.parent().context("the path has no directory")?)?;
        return std::fs::write(&path, text)
            .with_context(|| format!("cannot write {}", path.display()));
    }
    let committed = std::fs::read_to_string(&path)
        .with_context(|| format!("{} is not there; {BLESS}=1 writes it", path.display()))?;
    let mut lines = committed.lines().zip(text.lines());
    let same = committed.lines().count().min(text.lines().count());
    let line = lines.position(|(was, is)| was != is).unwrap_or(same) + 1;
    ensure!(
        committed == text,
        "{} is not what the code says, from line {line}; look at the change, then {BLESS}=1 writes it",
        path.display(),
    );
    Ok(())
}

/// Fails if a `$ref` into the document itself leads nowhere.
fn expect_references(value: &Value, document: &Value) -> anyhow::Result<()> {
    match value {
        Value::Object(fields) => {
            let reference = fields.get("$ref").and_then(Value::as_str);
            if let Some(pointer) = reference.and_then(|reference| reference.strip_prefix('#')) {
                ensure!(
                    document.pointer(pointer).is_some(),
                    "the reference #{pointer} leads nowhere"
                );
            }
            fields.values().try_for_each(|field| expect_references(field, document))
        }
        Value::Array(items) => items.iter().try_for_each(|item| expect_references(item, document)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reference_that_leads_nowhere_is_named() {
        let with = |name: &str| json!({"a": [{"$ref": "#/schemas/X"}], "schemas": {name: {}}});
        assert!(expect_references(&with("X"), &with("X")).is_ok());
        let error = expect_references(&with("Y"), &with("Y")).unwrap_err();
        assert_eq!(error.to_string(), "the reference #/schemas/X leads nowhere");
    }
}
