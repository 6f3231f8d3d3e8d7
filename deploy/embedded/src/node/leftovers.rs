//! What the node leaves on the machine when it is killed, and how it is removed without touching anything of others.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use nix::mount::{MntFlags, umount2};

use super::config::{containerd_state, runc_state};
use super::process::{Identity, of_programs, other_kubernetes, stop_all};
use super::settings::{NFT_TABLE, NODE_BRIDGE, POD_BRIDGE};
use super::{cgroup, network, outside};
use crate::command;
use crate::files::remove;
use crate::layout::Layout;

const CONTAINER_GRACE: Duration = Duration::from_secs(5);
const PROGRAM_GRACE: Duration = Duration::from_secs(5);
/// The tables kube-proxy makes.
const PROXY_TABLES: [&str; 2] = ["ip kube-proxy", "ip6 kube-proxy"];
/// The programs of a node; `kubectl`, `helm` and `ctr` may be running for a user and are left alone.
const NODE_PROGRAMS: [&str; 9] = [
    "containerd",
    "containerd-shim-runc-v2",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubelet",
    "server",
    "runc",
];

/// Everything of ours found on the machine, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Leftovers {
    /// Process ids.
    pub processes: Vec<i32>,
    /// Mount points below our state folder.
    pub mounts: Vec<PathBuf>,
    /// Network links.
    pub links: Vec<String>,
    /// nftables tables, with their family.
    pub tables: Vec<String>,
    /// cgroup folders.
    pub cgroups: Vec<PathBuf>,
    /// Sockets and notes outside our state folder.
    pub files: Vec<PathBuf>,
}

impl Leftovers {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Looks for everything of ours.
///
/// # Errors
/// When the process or mount table cannot be read, or a program that lists links or rules fails.
pub fn find(layout: &Layout) -> Result<Leftovers> {
    let mut processes: Vec<i32> = cgroup::processes().iter().map(|process| process.pid).collect();
    processes.extend(node_processes(layout)?.iter().map(|process| process.pid));
    Ok(Leftovers {
        processes,
        mounts: mounts_below(&layout.state())?,
        links: links()?,
        tables: tables(layout)?,
        cgroups: cgroup::existing(),
        files: outside::of_running(layout),
    })
}

/// Ends every container and every program of the node: containers first, so that their data is written.
///
/// # Errors
/// When the process table cannot be read.
pub fn stop_processes(layout: &Layout) -> Result<()> {
    // The kubelet first: it would start again what is being stopped.
    let kubelet: Vec<Identity> = of_programs(&layout.bin(), &["kubelet"])?;
    let _ended = stop_all(&kubelet, PROGRAM_GRACE);
    let _ended = stop_all(&cgroup::processes(), CONTAINER_GRACE);
    let _ended = stop_all(&node_processes(layout)?, PROGRAM_GRACE);
    Ok(())
}

/// Whether a program of the node lives.
///
/// # Errors
/// When the process table cannot be read.
pub fn node_lives(layout: &Layout) -> Result<bool> {
    Ok(!node_processes(layout)?.is_empty())
}

/// Whatever version they are of: the node that runs may have been started before its programs were built anew.
fn node_processes(layout: &Layout) -> Result<Vec<Identity>> {
    of_programs(&layout.bin(), &NODE_PROGRAMS)
}

/// Unmounts everything below our state folder and forgets what was running. Call it only when no program of ours lives.
///
/// # Errors
/// When a mount or a folder resists.
pub fn clear_running_state(layout: &Layout) -> Result<()> {
    for mount in mounts_below(&layout.state())? {
        umount2(&mount, MntFlags::MNT_DETACH)
            .with_context(|| format!("cannot unmount {}", mount.display()))?;
    }
    outside::clear_running(layout, other_kubernetes(layout.root())?.is_empty())?;
    remove(&containerd_state(layout))?;
    remove(&runc_state(layout))?;
    remove(&network::address_folder(layout))?;
    remove(&layout.run())?;
    cgroup::remove()
}

/// Removes links and rules of ours.
///
/// # Errors
/// When one of them cannot be removed.
pub fn clear_network(layout: &Layout) -> Result<()> {
    for link in links()? {
        // Removing a bridge or one end of a pair may have taken this one along.
        if network::link_exists(&link) {
            command::run("ip", &["link", "delete", &link])?;
        }
    }
    for table in tables(layout)? {
        let mut args = vec!["delete", "table"];
        args.extend(table.split(' '));
        command::run("nft", &args)?;
    }
    Ok(())
}

/// Mount points below `folder`, the deepest and latest first.
fn mounts_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let process = procfs::process::Process::myself().context("cannot look at the own process")?;
    let table = process.mountinfo().context("cannot read the mount table")?;
    let mut points: Vec<PathBuf> = table
        .into_iter()
        .map(|mount| mount.mount_point)
        .filter(|point| point.starts_with(folder))
        .collect();
    points.reverse();
    Ok(points)
}

/// Our bridges and the links that hang on the pod bridge.
fn links() -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    if network::link_exists(POD_BRIDGE) {
        let text = command::run("ip", &["-json", "link", "show", "master", POD_BRIDGE])?;
        names.extend(link_names(&text)?);
    }
    names.extend(
        [POD_BRIDGE, NODE_BRIDGE]
            .iter()
            .filter(|name| network::link_exists(name))
            .map(|&name| name.to_owned()),
    );
    Ok(names)
}

fn link_names(json: &str) -> Result<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Link {
        #[serde(default)]
        ifname: String,
    }
    if json.trim().is_empty() {
        return Ok(Vec::new());
    }
    let links: Vec<Link> = serde_json::from_str(json).context("cannot read the list of links")?;
    Ok(links.into_iter().map(|link| link.ifname).filter(|name| !name.is_empty()).collect())
}

/// Our own table, and kube-proxy's unless a Kubernetes of somebody else runs here, whose table it would be.
fn tables(layout: &Layout) -> Result<Vec<String>> {
    let text = command::run("nft", &["list", "tables"])?;
    let alone = other_kubernetes(layout.root())?.is_empty();
    Ok(our_tables(&text, alone))
}

fn our_tables(listing: &str, alone: bool) -> Vec<String> {
    let own = format!("ip {NFT_TABLE}");
    let ours = |name: &&str| *name == own || (alone && PROXY_TABLES.contains(name));
    listing
        .lines()
        .filter_map(|line| line.trim().strip_prefix("table "))
        .filter(ours)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_others_are_not_ours() {
        let listing = "table ip nat\ntable ip ecotrack\ntable ip kube-proxy\ntable inet firewalld\ntable ip6 kube-proxy\n";
        assert_eq!(our_tables(listing, true), ["ip ecotrack", "ip kube-proxy", "ip6 kube-proxy"]);
        assert_eq!(our_tables(listing, false), ["ip ecotrack"]);
    }

    #[test]
    fn the_names_of_links_are_read_and_empty_entries_skipped() {
        let names = link_names(r#"[{"ifindex":7,"ifname":"veth1a2b"},{},{"ifname":"veth3c4d"}]"#);
        assert_eq!(names.ok(), Some(vec!["veth1a2b".to_owned(), "veth3c4d".to_owned()]));
    }

    #[test]
    fn no_links_is_an_empty_list() {
        assert_eq!(link_names("\n").ok(), Some(Vec::new()));
    }
}
