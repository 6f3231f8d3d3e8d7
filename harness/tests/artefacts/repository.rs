//! Files of the repository, read or failed with their name.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A file's text; `path` counts from the root.
pub(crate) fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// A YAML file as the given type.
pub(crate) fn yaml<T: DeserializeOwned>(path: impl AsRef<Path>) -> T {
    let path = path.as_ref();
    serde_yaml_ng::from_str(&text(path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files with the extension in a folder and below it, in order, counted from the root.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(&root().join(folder), extension, &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("cannot list {}: {error}", folder.display()));
    for path in entries.map(|entry| entry.expect("a readable entry").path()) {
        if path.is_dir() {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path.strip_prefix(root()).expect("a path below the root").to_owned());
        }
    }
}

/// The file's name without folder and extension.
pub(crate) fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).expect("a file name")
}

/// Those that occur more than once.
pub(crate) fn repeated<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().filter(|name| !seen.insert(*name)).collect()
}
