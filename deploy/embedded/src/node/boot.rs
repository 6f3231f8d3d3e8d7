//! Starting the node: from whatever was left behind to `Ready`.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};

use super::process::{Program, running, start};
use super::programs::{self, Binaries};
use super::ready::{Watched, until};
use super::settings::NODE_NAME;
use super::{cgroup, config, dns, leftovers, network, pki, started, sysctl};
use crate::command;
use crate::layout::Layout;
use crate::progress::Progress;

const API_READY: Duration = Duration::from_mins(1);
const CONTAINERD_READY: Duration = Duration::from_secs(30);
const NODE_READY: Duration = Duration::from_mins(1);
/// How long the kubelet may take to tell of every pod of an earlier life.
const PODS_KNOWN: Duration = Duration::from_mins(1);
const EXPECTED: Duration = Duration::from_secs(12);
/// All programs, in the order they are started.
const NAMES: [&str; 7] = [
    "etcd",
    "kube-apiserver",
    "containerd",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
];

/// Whether every program of the node lives.
#[must_use]
pub fn complete(layout: &Layout) -> bool {
    NAMES.iter().all(|name| running(layout, name).is_some())
}

/// The programs with whether each lives.
#[must_use]
pub fn programs(layout: &Layout) -> Vec<(&'static str, Option<i32>)> {
    NAMES.iter().map(|&name| (name, running(layout, name).map(|identity| identity.pid))).collect()
}

/// Brings the node up to `Ready`, without DNS. Starts nothing when it is up already as it should be.
///
/// # Errors
/// When leftovers resist, a program ends, or something is not ready in time.
pub fn up(layout: &Layout, binaries: &Binaries, progress: &Progress) -> Result<()> {
    if complete(layout) && api_ready(layout, binaries).is_none() {
        if started::is_current(layout, binaries)? {
            // Whoever flushes all rules of the machine takes ours along.
            network::ensure_node_bridge()?;
            network::ensure_masquerade()?;
            progress.say("the node is up already");
            return Ok(());
        }
        progress
            .say("the node runs with other programs or settings than today's: it is started again");
    }
    let step = progress.step("node", Some(EXPECTED));
    clear(layout)?;
    prepare(layout)?;
    started::note(layout, binaries)?;
    let mut watched = Vec::new();
    launch(layout, &mut watched, &programs::etcd(layout, binaries))?;
    launch(layout, &mut watched, &programs::containerd(layout, binaries))?;
    launch(layout, &mut watched, &programs::apiserver(layout, binaries))?;
    until(layout, "the API server", API_READY, &mut watched, || api_ready(layout, binaries))?;
    launch(layout, &mut watched, &programs::controller_manager(layout, binaries))?;
    launch(layout, &mut watched, &programs::scheduler(layout, binaries))?;
    until(layout, "containerd", CONTAINERD_READY, &mut watched, || {
        containerd_ready(layout, binaries)
    })?;
    launch(layout, &mut watched, &programs::proxy(layout, binaries))?;
    let began = Utc::now();
    launch(layout, &mut watched, &programs::kubelet(layout, binaries))?;
    until(layout, "the node", NODE_READY, &mut watched, || node_ready(layout, binaries, began))?;
    until(layout, "fresh news of the pods", PODS_KNOWN, &mut watched, || {
        old_news(layout, binaries, began)
    })?;
    step.done("Ready");
    Ok(())
}

/// Stops everything and removes it from the machine; what was stored stays for the next start.
///
/// # Errors
/// When something resists.
pub fn down(layout: &Layout) -> Result<()> {
    clear(layout)?;
    leftovers::clear_network(layout)?;
    cgroup::restore(layout)?;
    sysctl::restore(layout)
}

fn clear(layout: &Layout) -> Result<()> {
    leftovers::stop_processes(layout)?;
    leftovers::clear_running_state(layout)
}

fn prepare(layout: &Layout) -> Result<()> {
    for folder in [layout.state(), layout.logs(), layout.run(), layout.state().join("containerd")] {
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let _made = pki::ensure(&layout.pki())?;
    config::write_all(layout)?;
    sysctl::remember(layout)?;
    cgroup::ensure(layout)?;
    network::ensure_node_bridge()?;
    network::ensure_masquerade()
}

fn launch(layout: &Layout, watched: &mut Vec<Watched>, program: &Program) -> Result<()> {
    let child = start(layout, program)?;
    watched.push(Watched { name: program.name, child });
    Ok(())
}

fn api_ready(layout: &Layout, binaries: &Binaries) -> Option<String> {
    let mut command = dns::kubectl(layout, binaries);
    command::output(command.args(["--request-timeout=2s", "get", "--raw", "/readyz"]))
        .err()
        .map(|error| error.to_string())
}

fn containerd_ready(layout: &Layout, binaries: &Binaries) -> Option<String> {
    let socket = config::containerd_socket(layout).display().to_string();
    command::run(binaries.ctr(), &["--address", &socket, "version"])
        .err()
        .map(|error| error.to_string())
}

/// What the API server remembers of an earlier life does not count: the kubelet must have spoken since it was started.
fn node_ready(layout: &Layout, binaries: &Binaries, began: DateTime<Utc>) -> Option<String> {
    let ready = ".status.conditions[?(@.type==\"Ready\")]";
    let path =
        format!("jsonpath={{{ready}.status}} {{{ready}.lastHeartbeatTime}} {{{ready}.message}}");
    let mut command = dns::kubectl(layout, binaries);
    match command::output(command.args([
        "--request-timeout=2s",
        "get",
        "node",
        NODE_NAME,
        "-o",
        &path,
    ])) {
        Ok(answer) if speaks_ready(&answer, began) => None,
        Ok(answer) => Some(answer),
        Err(error) => Some(error.to_string()),
    }
}

/// No container has lived through the start of the kubelet: one said to run since before is yet to be looked at.
fn old_news(layout: &Layout, binaries: &Binaries, began: DateTime<Utc>) -> Option<String> {
    let path = "jsonpath={range .items[*].status.containerStatuses[*]}{.state.running.startedAt}{\"\\n\"}{end}";
    let mut command = dns::kubectl(layout, binaries);
    match command::output(command.args(["--request-timeout=2s", "get", "pods", "-A", "-o", path])) {
        Ok(answer) => {
            let old = count_before(&answer, began);
            (old > 0).then(|| format!("{old} containers not looked at yet"))
        }
        Err(error) => Some(error.to_string()),
    }
}

fn count_before(times: &str, began: DateTime<Utc>) -> usize {
    let times = times.lines().filter_map(|line| DateTime::parse_from_rfc3339(line).ok());
    times.filter(|time| time.timestamp() < began.timestamp()).count()
}

fn speaks_ready(answer: &str, began: DateTime<Utc>) -> bool {
    let mut words = answer.split(' ');
    let (status, heartbeat) = (words.next(), words.next().unwrap_or_default());
    // Kubernetes writes whole seconds.
    let spoken = DateTime::parse_from_rfc3339(heartbeat)
        .is_ok_and(|time| time.timestamp() >= began.timestamp());
    status == Some("True") && spoken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_of_an_earlier_life_are_old_news() {
        let began: DateTime<Utc> = "2026-11-22T10:00:00.5Z".parse().unwrap();
        assert_eq!(count_before("2026-11-22T09:00:00Z\n\n2026-11-22T10:00:00Z\n", began), 1);
        assert_eq!(count_before("\n", began), 0);
    }

    #[test]
    fn only_what_the_kubelet_said_since_its_start_counts() {
        let began: DateTime<Utc> = "2026-11-22T10:00:00.5Z".parse().unwrap();
        assert!(speaks_ready("True 2026-11-22T10:00:00Z kubelet is ready", began));
        assert!(!speaks_ready("True 2026-11-22T09:59:59Z kubelet is ready", began));
        assert!(!speaks_ready("False 2026-11-22T10:00:03Z network not ready", began));
        assert!(!speaks_ready("", began));
    }
}
