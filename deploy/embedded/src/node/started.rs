//! What a running node was started as, so that `up` notices programs and settings that changed since.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::programs::{self, Binaries};
use super::{config, network};
use crate::compile;
use crate::image::layer::digest_of_bytes;
use crate::layout::Layout;

/// Whether the node was started with exactly the programs and settings of today. One without a note was not.
///
/// # Errors
/// When a setting cannot be written down.
pub fn is_current(layout: &Layout, binaries: &Binaries) -> Result<bool> {
    Ok(fs::read_to_string(file(layout))
        .is_ok_and(|noted| digest(layout, binaries).is_ok_and(|wanted| noted == wanted)))
}

/// Notes what the node is started as.
///
/// # Errors
/// When the note cannot be written.
pub fn note(layout: &Layout, binaries: &Binaries) -> Result<()> {
    let path = file(layout);
    fs::write(&path, digest(layout, binaries)?)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Gone with the records of the programs as soon as the node is stopped.
fn file(layout: &Layout) -> PathBuf {
    layout.run().join("started-as")
}

fn digest(layout: &Layout, binaries: &Binaries) -> Result<String> {
    let mut parts = config::settings(layout)?;
    parts.push(network::pod_network(layout).to_string());
    for program in programs::all(layout, binaries) {
        parts.push(program.binary.display().to_string());
        parts.extend(program.args);
    }
    parts.extend(binaries.folders().map(compile::recipe_of));
    Ok(digest_of_bytes(parts.join("\n").as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_setting_or_version_or_rebuilt_program_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path().to_path_buf(), PathBuf::new());
        fs::create_dir_all(layout.run()).unwrap();
        let of = |version: &str| Binaries {
            kubernetes: layout.bin().join(format!("kubernetes-{version}")),
            containerd: layout.bin().join("containerd-2"),
            etcd: layout.bin().join("etcd-3"),
        };
        assert!(!is_current(&layout, &of("1")).unwrap());
        note(&layout, &of("1")).unwrap();
        assert!(is_current(&layout, &of("1")).unwrap());
        assert!(!is_current(&layout, &of("2")).unwrap());
        let built_anew = of("1").kubernetes;
        fs::create_dir_all(&built_anew).unwrap();
        fs::write(built_anew.join(compile::STAMP), "another recipe").unwrap();
        assert!(!is_current(&layout, &of("1")).unwrap());
    }
}
