//! Files the node's programs put outside our state folder, because their place is compiled in.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::config::{containerd_state, kubelet_root};
use crate::files::remove;
use crate::layout::Layout;

/// Where containerd's network library remembers what it set up.
const NETWORK_RESULTS: &str = "/var/lib/cni/results";
/// Where every kubelet serves device plugins.
const DEVICE_PLUGINS: &str = "/var/lib/kubelet/device-plugins";
const POD_LOGS: &str = "/var/log/pods";
const CONTAINER_LOGS: &str = "/var/log/containers";
/// The name of our pod network, with which its results begin.
const OUR_RESULT: &str = "ecotrack-";
const LOOPBACK_RESULT: &str = "cni-loopback-";

/// Sockets and notes of containers that run or ran; meaningless once they are gone.
#[must_use]
pub fn of_running(layout: &Layout) -> Vec<PathBuf> {
    let mut files = shim_sockets(&containerd_state(layout));
    files.extend(network_results(Path::new(NETWORK_RESULTS)));
    files
}

/// Removes what [`of_running`] finds, and the kubelet's socket if no other kubelet runs here.
///
/// # Errors
/// When a file resists.
pub fn clear_running(layout: &Layout, alone: bool) -> Result<()> {
    of_running(layout).iter().try_for_each(|file| remove(file))?;
    if !alone {
        return Ok(());
    }
    remove(&Path::new(DEVICE_PLUGINS).join("kubelet.sock"))?;
    for folder in [Path::new(DEVICE_PLUGINS), Path::new("/var/lib/kubelet")] {
        // Not empty means somebody else's: then it stays.
        let _stays = fs::remove_dir(folder);
    }
    Ok(())
}

/// Removes the logs of this node's pods. Call it before their folders are forgotten: those tell which logs are ours.
///
/// # Errors
/// When a file resists.
pub fn clear_logs(layout: &Layout) -> Result<()> {
    let pods = names(&kubelet_root(layout).join("pods"));
    clear_logs_of(&pods, Path::new(POD_LOGS), Path::new(CONTAINER_LOGS))
}

/// Removes the logs of these pods, and the links that lead to them and to no others.
fn clear_logs_of(pods: &[String], logs: &Path, links: &Path) -> Result<()> {
    let is_ours = |log: &String| pods.iter().any(|pod| log.ends_with(&format!("_{pod}")));
    let ours: Vec<PathBuf> =
        names(logs).into_iter().filter(is_ours).map(|log| logs.join(log)).collect();
    for link in names(links).iter().map(|name| links.join(name)) {
        let leads_to_ours =
            |target: PathBuf| ours.iter().any(|log| links.join(&target).starts_with(log));
        if fs::read_link(&link).is_ok_and(leads_to_ours) {
            remove(&link)?;
        }
    }
    ours.iter().try_for_each(|log| remove(log))
}

/// Each shim writes the address of its socket beside its container.
fn shim_sockets(state: &Path) -> Vec<PathBuf> {
    let tasks = state.join("io.containerd.runtime.v2.task/k8s.io");
    let addresses = names(&tasks).into_iter().filter_map(|id| {
        let folder = tasks.join(id);
        fs::read_to_string(folder.join("address"))
            .or_else(|_| fs::read_to_string(folder.join("bootstrap.json")))
            .ok()
    });
    let mut sockets: Vec<PathBuf> =
        addresses.filter_map(|text| socket_of(&text)).filter(|path| path.exists()).collect();
    sockets.sort();
    sockets.dedup();
    sockets
}

/// The path in `unix:///path`, alone or as the `address` of a JSON object.
fn socket_of(text: &str) -> Option<PathBuf> {
    let object: Option<serde_json::Value> = serde_json::from_str(text).ok();
    let address = object.as_ref().and_then(|object| object["address"].as_str()).unwrap_or(text);
    address.trim().strip_prefix("unix://").map(PathBuf::from)
}

/// Results of our network, and the loopback results of the same containers.
fn network_results(folder: &Path) -> Vec<PathBuf> {
    let names = names(folder);
    let ours: Vec<&str> = names.iter().filter_map(|name| container_of(name, OUR_RESULT)).collect();
    let wanted = names.iter().filter(|name| {
        let container =
            container_of(name, OUR_RESULT).or_else(|| container_of(name, LOOPBACK_RESULT));
        container.is_some_and(|container| ours.contains(&container))
    });
    wanted.map(|name| folder.join(name)).collect()
}

fn container_of<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    name.strip_prefix(prefix)?.rsplit_once('-').map(|(container, _link)| container)
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_another_network_stay() {
        let folder = tempfile::tempdir().unwrap();
        for name in
            ["ecotrack-aa-eth0", "cni-loopback-aa-lo", "podman-bb-eth0", "cni-loopback-bb-lo"]
        {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let mut found = network_results(folder.path());
        found.sort();
        assert_eq!(
            found,
            [folder.path().join("cni-loopback-aa-lo"), folder.path().join("ecotrack-aa-eth0")]
        );
    }

    #[test]
    fn logs_and_links_of_another_kubelet_stay() {
        let folder = tempfile::tempdir().unwrap();
        let [logs, links] = ["pods", "containers"].map(|name| folder.path().join(name));
        fs::create_dir_all(&links).unwrap();
        for pod in ["a_ours_1-1", "b_theirs_2-2"] {
            fs::create_dir_all(logs.join(pod)).unwrap();
            fs::write(logs.join(pod).join("0.log"), "").unwrap();
        }
        let link = |name: &str, target: &str| {
            std::os::unix::fs::symlink(logs.join(target), links.join(name)).unwrap();
        };
        link("ours", "a_ours_1-1/0.log");
        link("theirs", "b_theirs_2-2/0.log");
        link("theirs-dangling", "b_theirs_3-3/0.log");
        clear_logs_of(&["1-1".to_owned()], &logs, &links).unwrap();
        let mut left = names(&links);
        left.sort();
        assert_eq!(left, ["theirs", "theirs-dangling"]);
        assert_eq!(names(&logs), ["b_theirs_2-2"]);
    }

    #[test]
    fn a_socket_is_read_from_either_form() {
        let socket = Some(PathBuf::from("/run/containerd/s/abc"));
        assert_eq!(socket_of("unix:///run/containerd/s/abc\n"), socket);
        assert_eq!(
            socket_of(
                r#"{"version":3,"address":"unix:///run/containerd/s/abc","protocol":"ttrpc"}"#
            ),
            socket
        );
        assert_eq!(socket_of("nonsense"), None);
    }

    #[test]
    fn sockets_are_found_through_the_tasks() {
        let folder = tempfile::tempdir().unwrap();
        let task = folder.path().join("io.containerd.runtime.v2.task/k8s.io/id");
        fs::create_dir_all(&task).unwrap();
        let socket = folder.path().join("socket");
        fs::write(&socket, "").unwrap();
        fs::write(task.join("address"), format!("unix://{}", socket.display())).unwrap();
        assert_eq!(shim_sockets(folder.path()), [socket]);
    }
}
