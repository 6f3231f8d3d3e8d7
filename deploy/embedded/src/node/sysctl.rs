//! Kernel settings the node's programs change: remembered before the first start, put back after the last.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::layout::Layout;

const ROOT: &str = "/proc/sys";
const LINKS: &str = "/sys/class/net";
const FORWARDING: &str = "net/ipv4/ip_forward";
/// Set by the kubelet, the pod network and kube-proxy.
const CHANGED: [&str; 6] = [
    FORWARDING,
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "net/netfilter/nf_conntrack_max",
];

/// Remembers the settings as they are, unless they are remembered already.
///
/// # Errors
/// When the file cannot be written.
pub fn remember(layout: &Layout) -> Result<()> {
    remember_below(Path::new(ROOT), &file(layout))
}

/// Puts the remembered settings back and forgets them. Call it when our own bridges are gone: packets are still forwarded where others are.
///
/// # Errors
/// When a setting cannot be written.
pub fn restore(layout: &Layout) -> Result<()> {
    restore_below(Path::new(ROOT), Path::new(LINKS), &file(layout))
}

fn file(layout: &Layout) -> PathBuf {
    layout.state().join("sysctl.json")
}

fn remember_below(root: &Path, file: &Path) -> Result<()> {
    if file.exists() {
        return Ok(());
    }
    // A kernel without one of them has nothing to remember.
    let settings: BTreeMap<&str, String> = CHANGED
        .iter()
        .filter_map(|&name| Some((name, fs::read_to_string(root.join(name)).ok()?)))
        .collect();
    fs::write(file, serde_json::to_vec(&settings)?)
        .with_context(|| format!("cannot write {}", file.display()))
}

fn restore_below(root: &Path, links: &Path, file: &Path) -> Result<()> {
    let Ok(text) = fs::read(file) else { return Ok(()) };
    let settings: BTreeMap<String, String> = serde_json::from_slice(&text)
        .with_context(|| format!("cannot understand {}", file.display()))?;
    for (name, value) in settings {
        // Whoever made a bridge meanwhile, Docker for one, relies on it by now.
        if name == FORWARDING && has_bridge(links) {
            continue;
        }
        fs::write(root.join(&name), value)
            .with_context(|| format!("cannot put back the kernel setting {name}"))?;
    }
    fs::remove_file(file).with_context(|| format!("cannot remove {}", file.display()))
}

fn has_bridge(links: &Path) -> bool {
    let Ok(entries) = fs::read_dir(links) else { return false };
    entries.flatten().any(|link| link.path().join("bridge").is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_put_back_even_after_a_second_start() {
        let folder = tempfile::tempdir().unwrap();
        let (root, file) = (folder.path().join("sys"), folder.path().join("sysctl.json"));
        let setting = root.join(CHANGED[0]);
        fs::create_dir_all(setting.parent().unwrap()).unwrap();
        fs::write(&setting, "0\n").unwrap();
        remember_below(&root, &file).unwrap();
        fs::write(&setting, "1\n").unwrap();
        remember_below(&root, &file).unwrap();
        restore_below(&root, &folder.path().join("links"), &file).unwrap();
        assert_eq!(fs::read_to_string(&setting).unwrap(), "0\n");
        assert!(!file.exists());
    }

    #[test]
    fn packets_are_still_forwarded_where_another_bridge_came_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let (root, file) = (folder.path().join("sys"), folder.path().join("sysctl.json"));
        let setting = root.join(FORWARDING);
        fs::create_dir_all(setting.parent().unwrap()).unwrap();
        fs::write(&setting, "0\n").unwrap();
        remember_below(&root, &file).unwrap();
        fs::write(&setting, "1\n").unwrap();
        let links = folder.path().join("links");
        fs::create_dir_all(links.join("docker0/bridge")).unwrap();
        restore_below(&root, &links, &file).unwrap();
        assert_eq!(fs::read_to_string(&setting).unwrap(), "1\n");
    }

    #[test]
    fn nothing_remembered_is_nothing_to_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sysctl.json");
        assert!(restore_below(folder.path(), folder.path(), &file).is_ok());
    }
}
