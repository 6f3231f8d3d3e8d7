//! Root file systems of Debian packages, made once per package set and kept as a layer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::layer::{Layer, digest_of_bytes};
use super::recipe::Base;
use crate::command;
use crate::layout::Layout;

const SUITE: &str = "bookworm";
/// The machine's own package source, so that a mirror or a proxy set up there serves here too.
const DEBIAN_SOURCES: &str = "/etc/apt/sources.list.d/debian.sources";
/// What no container reads.
const LEFT_OUT: [&str; 3] = ["/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*"];

/// What is remembered of a finished layer, so that hundreds of megabytes need not be read again.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    digest: String,
    size: u64,
}

/// The layer of a package set, made if it is not there.
///
/// # Errors
/// When mmdebstrap fails; the error carries its last words.
pub fn layer(layout: &Layout, name: &str, base: &Base) -> Result<Layer> {
    let folder = layout.images().join("bases");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = folder.join(format!("{name}-{}.tar", key(base)?));
    let record = file.with_extension("json");
    if let Some(known) = known(&file, &record) {
        return Ok(known);
    }
    let partial = file.with_extension("partial.tar");
    make(base, &partial).with_context(|| format!("cannot make the package set {name:?}"))?;
    fs::rename(&partial, &file).with_context(|| format!("cannot keep {}", file.display()))?;
    let layer = Layer::of(&file)?;
    let text = serde_json::to_vec(&Record { digest: layer.digest.clone(), size: layer.size })?;
    fs::write(&record, text).with_context(|| format!("cannot write {}", record.display()))?;
    Ok(layer)
}

/// Whether the layer of a package set is there already.
#[must_use]
pub fn cached(layout: &Layout, name: &str, base: &Base) -> bool {
    key(base)
        .is_ok_and(|key| layout.images().join("bases").join(format!("{name}-{key}.json")).exists())
}

fn known(file: &Path, record: &Path) -> Option<Layer> {
    let record: Record = serde_json::from_slice(&fs::read(record).ok()?).ok()?;
    let size = fs::metadata(file).ok()?.len();
    (size == record.size).then(|| Layer { file: file.to_path_buf(), digest: record.digest, size })
}

/// What decides the content of a package set: its recipe. Newer packages of the same names need a new recipe.
fn key(base: &Base) -> Result<String> {
    let decisive = (&base.packages, &base.users, &base.before, SUITE);
    let digest = digest_of_bytes(&serde_json::to_vec(&decisive)?);
    Ok(digest.trim_start_matches("sha256:").chars().take(12).collect())
}

fn make(base: &Base, file: &Path) -> Result<()> {
    let mut command = Command::new("mmdebstrap");
    command.args(arguments(base)).arg(SUITE).arg(file);
    // The same packages give the same layer, whenever it is made.
    command.env("SOURCE_DATE_EPOCH", "0");
    let sources = fs::read(DEBIAN_SOURCES).ok();
    match sources {
        Some(sources) => command::with_input(command.arg("-"), &sources)?,
        None => command::output(&mut command)?,
    };
    Ok(())
}

fn arguments(base: &Base) -> Vec<String> {
    let mut arguments = vec![
        "--quiet".to_owned(),
        "--mode=root".to_owned(),
        "--variant=essential".to_owned(),
        "--format=tar".to_owned(),
        "--dpkgopt=force-confold".to_owned(),
        format!("--include={}", base.packages.join(",")),
    ];
    arguments.extend(LEFT_OUT.iter().map(|pattern| format!("--dpkgopt=path-exclude={pattern}")));
    arguments.extend(base.users.iter().map(|user| format!("--essential-hook={}", user_hook(user))));
    arguments.extend(base.before.iter().map(|line| format!("--essential-hook={line}")));
    arguments
}

fn user_hook(user: &str) -> String {
    let mut parts = user.split(':');
    let mut next = || parts.next().unwrap_or_default();
    let (name, uid, gid, home) = (next(), next(), next(), next());
    format!(
        "echo '{name}:x:{gid}:' >> \"$1/etc/group\" && echo '{name}:x:{uid}:{gid}::{home}:/bin/sh' >> \"$1/etc/passwd\""
    )
}

/// The folder of finished layers.
#[must_use]
pub fn folder(layout: &Layout) -> PathBuf {
    layout.images().join("bases")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(packages: &[&str]) -> Base {
        Base {
            packages: packages.iter().map(|&name| name.to_owned()).collect(),
            users: vec!["redis:999:998:/data".to_owned()],
            before: Vec::new(),
            expected_seconds: 1,
        }
    }

    #[test]
    fn other_packages_are_another_layer() {
        assert_ne!(key(&base(&["a"])).unwrap(), key(&base(&["a", "b"])).unwrap());
    }

    #[test]
    fn a_new_measurement_is_no_new_layer() {
        let mut measured = base(&["a"]);
        measured.expected_seconds = 99;
        assert_eq!(key(&base(&["a"])).unwrap(), key(&measured).unwrap());
    }

    #[test]
    fn users_get_the_ids_of_the_official_image() {
        let arguments = arguments(&base(&["a"])).join(" ");
        assert!(
            arguments.contains("redis:x:998:") && arguments.contains("redis:x:999:998::/data:"),
            "{arguments}"
        );
    }

    #[test]
    fn a_layer_whose_file_was_cut_short_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let (file, record) = (folder.path().join("a.tar"), folder.path().join("a.json"));
        fs::write(&file, "half").unwrap();
        fs::write(&record, r#"{"digest":"sha256:0","size":8}"#).unwrap();
        assert_eq!(known(&file, &record), None);
    }
}
