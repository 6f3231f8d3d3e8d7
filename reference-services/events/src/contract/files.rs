//! The committed files.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Where the services' contracts are kept.
pub(super) fn contracts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../contracts")
}

/// A committed JSON document.
pub(super) fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{} is not JSON: {error}", path.display()))
}

/// Fails unless the committed document is the generated one. `ECOTRACK_BLESS=1` writes it instead.
pub(super) fn assert_committed(path: &Path, generated: &Value) {
    let text = format!("{generated:#}\n");
    if std::env::var_os("ECOTRACK_BLESS").is_some() {
        let dir = path.parent().expect("a contract is in a directory");
        std::fs::create_dir_all(dir).expect("the directory can be made");
        std::fs::write(path, text).expect("the contract can be written");
        return;
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == text,
        "{} is not what the code says; if the change is additive, run the tests with ECOTRACK_BLESS=1 and commit it",
        path.display()
    );
}
