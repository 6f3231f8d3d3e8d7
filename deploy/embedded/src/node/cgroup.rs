//! The cgroup that holds every container of the node and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::process::Identity;
use super::settings::NODE_NAME;
use crate::layout::Layout;

const ROOT: &str = "/sys/fs/cgroup";
const UNIFIED: &str = "/sys/fs/cgroup/cgroup.controllers";
/// The file of the unified hierarchy that says which controllers a cgroup hands on.
const HANDED_ON: &str = "cgroup.subtree_control";
/// What the node limits its pods with.
const CONTROLLERS: [&str; 5] = ["cpu", "cpuset", "memory", "pids", "io"];

/// What the processor's share of all pods together is kept in, in either hierarchy, and how large it is: eight times the share of
/// one process outside, which is the kernel's own figure. A compiler or the features themselves would else starve every pod at once.
const PROCESSOR: [(&str, &str); 2] = [("cpu.shares", "8192"), ("cpu.weight", "800")];

/// Whether the machine has the unified hierarchy (cgroup v2) only.
#[must_use]
pub fn unified() -> bool {
    Path::new(UNIFIED).exists()
}

/// Our folder in each mounted hierarchy, whether it exists or not.
fn folders() -> Vec<PathBuf> {
    if unified() {
        return vec![Path::new(ROOT).join(NODE_NAME)];
    }
    let Ok(entries) = fs::read_dir(ROOT) else { return Vec::new() };
    entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() && !path.is_symlink())
        .map(|path| path.join(NODE_NAME))
        .collect()
}

/// Makes our cgroup in every hierarchy.
///
/// # Errors
/// When the kernel refuses one.
pub fn ensure(layout: &Layout) -> Result<()> {
    if unified() {
        hand_on(Path::new(ROOT), &note(layout))?;
    }
    for folder in folders() {
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the cgroup {}", folder.display()))?;
        prefer(&folder)?;
    }
    Ok(())
}

/// Gives the pods their share of the processor, where the hierarchy is the one that has it.
fn prefer(folder: &Path) -> Result<()> {
    for (name, share) in PROCESSOR {
        let file = folder.join(name);
        if file.exists() {
            fs::write(&file, share)
                .with_context(|| format!("cannot write {share} into {}", file.display()))?;
        }
    }
    Ok(())
}

/// Takes back the controllers that only we had asked for. Call it when our cgroup is gone.
///
/// # Errors
/// When the note of them resists.
pub fn restore(layout: &Layout) -> Result<()> {
    take_back(Path::new(ROOT), &note(layout))
}

fn note(layout: &Layout) -> PathBuf {
    layout.state().join("cgroup.json")
}

fn hand_on(root: &Path, note: &Path) -> Result<()> {
    let (offered, before) = (words(&root.join("cgroup.controllers")), words(&root.join(HANDED_ON)));
    let missing = CONTROLLERS.iter().map(|&name| name.to_owned());
    let missing: Vec<String> =
        missing.filter(|name| offered.contains(name) && !before.contains(name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let added: BTreeSet<String> = noted(note).into_iter().chain(missing.iter().cloned()).collect();
    fs::write(note, serde_json::to_vec(&added)?)
        .with_context(|| format!("cannot write {}", note.display()))?;
    let control = root.join(HANDED_ON);
    fs::write(&control, format!("+{}", missing.join(" +")))
        .with_context(|| format!("cannot enable controllers in {}", control.display()))
}

fn take_back(root: &Path, note: &Path) -> Result<()> {
    for name in noted(note) {
        // The kernel refuses where somebody else has come to use it: then it stays.
        let _stays = fs::write(root.join(HANDED_ON), format!("-{name}"));
    }
    crate::files::remove(note)
}

fn noted(note: &Path) -> BTreeSet<String> {
    fs::read(note).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}

fn words(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

/// Whether no controller can be handed on to us: in a container's own namespace the topmost cgroup is one like any other, and while it
/// holds processes the kernel refuses.
#[must_use]
pub fn closed() -> bool {
    unified() && closed_at(Path::new(ROOT))
}

fn closed_at(root: &Path) -> bool {
    // The true root has no type.
    let inner = root.join("cgroup.type").exists();
    let handed_on = words(&root.join(HANDED_ON));
    let complete = CONTROLLERS.iter().all(|name| handed_on.iter().any(|had| had == name));
    inner && !complete && !words(&root.join("cgroup.procs")).is_empty()
}

/// The living processes in our cgroup: those of containers.
#[must_use]
pub fn processes() -> Vec<Identity> {
    let mut pids: Vec<i32> = folders().iter().flat_map(|folder| pids_below(folder)).collect();
    pids.sort_unstable();
    pids.dedup();
    pids.into_iter().filter_map(Identity::of).collect()
}

fn pids_below(folder: &Path) -> Vec<i32> {
    let text = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    let mut pids: Vec<i32> = text.lines().filter_map(|line| line.parse().ok()).collect();
    for child in children(folder) {
        pids.extend(pids_below(&child));
    }
    pids
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// Removes our cgroup from every hierarchy; it must be empty of processes.
///
/// # Errors
/// When a folder cannot be removed.
pub fn remove() -> Result<()> {
    folders().iter().filter(|folder| folder.exists()).try_for_each(|folder| remove_tree(folder))
}

fn remove_tree(folder: &Path) -> Result<()> {
    for child in children(folder) {
        remove_tree(&child)?;
    }
    fs::remove_dir(folder).with_context(|| format!("cannot remove the cgroup {}", folder.display()))
}

/// Our cgroup folders that exist.
#[must_use]
pub fn existing() -> Vec<PathBuf> {
    folders().into_iter().filter(|folder| folder.exists()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(handed_on: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("cgroup.controllers"), "cpuset cpu io memory hugetlb pids\n")
            .unwrap();
        fs::write(root.path().join(HANDED_ON), handed_on).unwrap();
        root
    }

    #[test]
    fn only_controllers_that_we_added_are_taken_back() {
        let root = root("cpu memory\n");
        let note = root.path().join("note");
        let control = || fs::read_to_string(root.path().join(HANDED_ON)).unwrap();
        hand_on(root.path(), &note).unwrap();
        assert_eq!(control(), "+cpuset +pids +io");
        assert_eq!(noted(&note).into_iter().collect::<Vec<_>>(), ["cpuset", "io", "pids"]);
        fs::write(root.path().join(HANDED_ON), "cpuset cpu io memory pids\n").unwrap();
        hand_on(root.path(), &note).unwrap();
        assert_eq!(noted(&note).len(), 3);
        take_back(root.path(), &note).unwrap();
        assert_eq!(control(), "-pids");
        assert!(!note.exists());
    }

    #[test]
    fn where_all_were_on_before_none_is_taken_back() {
        let root = root("cpuset cpu io memory pids\n");
        let note = root.path().join("note");
        hand_on(root.path(), &note).unwrap();
        take_back(root.path(), &note).unwrap();
        assert_eq!(words(&root.path().join(HANDED_ON)).len(), 5);
    }

    #[test]
    fn pods_have_their_share_of_the_processor_in_the_hierarchy_that_knows_it() {
        let folder = tempfile::tempdir().unwrap();
        let shares = folder.path().join("cpu.shares");
        fs::write(&shares, "1024").unwrap();
        prefer(folder.path()).unwrap();
        assert_eq!(fs::read_to_string(&shares).unwrap(), "8192");
        assert!(!folder.path().join("cpu.weight").exists());
    }

    #[test]
    fn a_container_s_own_cgroup_with_processes_in_it_is_closed() {
        let root = root("");
        assert!(!closed_at(root.path()));
        fs::write(root.path().join("cgroup.type"), "domain\n").unwrap();
        assert!(!closed_at(root.path()));
        fs::write(root.path().join("cgroup.procs"), "1\n7\n").unwrap();
        assert!(closed_at(root.path()));
    }
}
