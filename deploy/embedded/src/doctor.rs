//! What can be known up front: whether this machine can carry the node, and what to do where it cannot.

mod host;

use std::fmt::Write;

use anyhow::{Result, bail};

pub use host::{Host, Network};

use crate::node::settings::{
    API_PORT, CLUSTER_CIDR, ETCD_CLIENT_PORT, ETCD_PEER_PORT, KUBELET_PORT, NODE_ADDRESS,
    NODE_BRIDGE, POD_BRIDGE, SERVICE_CIDR,
};

const GIB: u64 = 1 << 30;
/// Free space for a first run: modules, compilers, programs, images, and what cargo makes. `.ci/setup` and the README have the same figure.
const DISK_FOR_BUILDS: u64 = 20 * GIB;
/// Free space when everything is built: what the running platform writes.
const DISK_FOR_RUNNING: u64 = 3 * GIB;
const MEMORY: u64 = 6 * GIB;
/// The oldest Go that fetches the newer one a module asks for.
const GO_LEAST: (u32, u32) = (1, 21);
/// The Go the components ask for.
const GO_RECOMMENDED: (u32, u32) = (1, 26);
/// Ports on the node's address beside those of the API server and the kubelet: kube-proxy, controller manager, scheduler.
const OTHER_NODE_PORTS: [u16; 4] = [10249, 10256, 10257, 10259];
/// The kubelet's own health on 127.0.0.1.
const KUBELET_HEALTH_PORT: u16 = 10248;

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Fine.
    Good,
    /// The node will start, but something may not work.
    Doubtful,
    /// The node cannot be started like this.
    Bad,
}

/// One check, with what was found and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// How it went.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// The next command; empty when there is nothing to do.
    pub remedy: String,
}

impl Check {
    fn good(name: &str, found: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            verdict: Verdict::Good,
            found: found.into(),
            remedy: String::new(),
        }
    }

    fn bad(name: &str, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            verdict: Verdict::Bad,
            found: found.into(),
            remedy: remedy.into(),
        }
    }
}

/// A program the node or its builds need: name, Debian package, what for.
const PROGRAMS: [(&str, &str, &str); 9] = [
    ("cc", "build-essential", "compiles the pause program"),
    ("java", "openjdk-17-jdk-headless", "runs mvn"),
    ("mvn", "maven", "fetches Kafka's jars"),
    ("pip", "python3-pip", "fetches Envoy and OpenBao"),
    ("mmdebstrap", "mmdebstrap", "makes root file systems"),
    ("runc", "runc", "runs containers"),
    ("nft", "nftables", "routes Services"),
    ("ip", "iproute2", "makes the node's links"),
    ("setsid", "util-linux", "detaches the node's programs"),
];

/// All checks of this machine.
#[must_use]
pub fn examine(host: &Host) -> Vec<Check> {
    let mut checks = vec![system(host), user(host), disk(host), memory(host), go(host)];
    checks.extend(
        PROGRAMS.iter().map(|(name, package, purpose)| program(host, name, package, purpose)),
    );
    checks.push(plugins(host));
    checks.push(overlay(host));
    checks.push(cgroups(host));
    checks.push(ports(host));
    checks.push(subnets(host));
    checks.push(other_kubernetes(host));
    checks.push(forwarding(host));
    checks
}

/// Stops before anything is begun when the machine cannot carry the node.
///
/// # Errors
/// When a check is bad; the error carries each with its remedy.
pub fn require(host: &Host) -> Result<()> {
    let bad: Vec<Check> =
        examine(host).into_iter().filter(|check| check.verdict == Verdict::Bad).collect();
    if bad.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    for check in &bad {
        let _infallible =
            write!(text, "\n  {}: {}\n      next: {}", check.name, check.found, check.remedy);
    }
    bail!("this machine cannot carry the cluster yet:{text}")
}

/// The checks as a table.
#[must_use]
pub fn table(checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for check in checks {
        let mark = match check.verdict {
            Verdict::Good => "ok",
            Verdict::Doubtful => "doubt",
            Verdict::Bad => "BAD",
        };
        let remedy =
            if check.remedy.is_empty() { String::new() } else { format!("  -> {}", check.remedy) };
        let _infallible =
            writeln!(text, "{mark:<5}  {:<width$}  {}{remedy}", check.name, check.found);
    }
    text
}

fn system(host: &Host) -> Check {
    if host.linux {
        return Check::good("system", "Linux");
    }
    Check::bad(
        "system",
        "not Linux",
        "use a Linux machine, or `make conformance CONTEXT=<name>` with a cluster you have",
    )
}

fn user(host: &Host) -> Check {
    if host.root {
        Check::good("user", "root")
    } else {
        Check::bad("user", "not root", "run the same command as root, for example with sudo -E")
    }
}

fn disk(host: &Host) -> Check {
    let needed = if host.all_built { DISK_FOR_RUNNING } else { DISK_FOR_BUILDS };
    let found = format!(
        "{} GiB free at {}, {} needed",
        host.disk_free / GIB,
        host.cache.display(),
        needed / GIB
    );
    if host.disk_free >= needed {
        return Check::good("disk", found);
    }
    Check::bad("disk", found, "free some space, or name another place with ECOTRACK_CACHE=/path")
}

fn memory(host: &Host) -> Check {
    let found = format!("{} GiB available", host.memory_available / GIB);
    let verdict = if host.memory_available >= MEMORY { Verdict::Good } else { Verdict::Doubtful };
    let remedy = if verdict == Verdict::Good {
        ""
    } else {
        "the whole platform wants about 6 GiB: end other programs"
    };
    Check { name: "memory".to_owned(), verdict, found, remedy: remedy.to_owned() }
}

fn program(host: &Host, name: &str, package: &str, purpose: &str) -> Check {
    if host.programs.contains(name) {
        return Check::good(name, purpose);
    }
    Check::bad(name, format!("missing: it {purpose}"), format!("apt-get install -y {package}"))
}

fn go(host: &Host) -> Check {
    let remedy = format!(
        "install Go {}.{} or later, from its own site, and put it on PATH",
        GO_RECOMMENDED.0, GO_RECOMMENDED.1
    );
    match host.go {
        None => Check::bad("go", "missing: it compiles the components", remedy),
        Some(version) if version < GO_LEAST => {
            Check::bad("go", format!("{}.{} is too old", version.0, version.1), remedy)
        }
        Some(version) => {
            Check::good("go", format!("{}.{} compiles the components", version.0, version.1))
        }
    }
}

fn plugins(host: &Host) -> Check {
    if host.network_plugins {
        return Check::good("network plugins", "bridge, host-local, loopback");
    }
    Check::bad(
        "network plugins",
        "missing: they join pods to the network",
        "apt-get install -y containernetworking-plugins",
    )
}

fn overlay(host: &Host) -> Check {
    if !host.overlay {
        return Check::bad(
            "overlay",
            "the kernel knows no overlay file system",
            "modprobe overlay",
        );
    }
    if host.cache_on_overlay {
        return Check::bad(
            "overlay",
            format!(
                "{} lies on an overlay, and the kernel puts none over it",
                host.cache.display()
            ),
            "name a place on a disk, in a container a volume, with ECOTRACK_CACHE=/path",
        );
    }
    Check::good("overlay", "supported")
}

fn cgroups(host: &Host) -> Check {
    if host.cgroup_closed {
        return Check::bad(
            "cgroups",
            "a container's own, with processes at its root: the kernel lets nobody limit pods there",
            "run on the machine itself, or give the container the machine's: --cgroupns=host",
        );
    }
    Check::good("cgroups", "can limit pods")
}

fn ports(host: &Host) -> Check {
    let on_node = [API_PORT, KUBELET_PORT].into_iter().chain(OTHER_NODE_PORTS);
    let local = [ETCD_CLIENT_PORT, ETCD_PEER_PORT, KUBELET_HEALTH_PORT];
    let wanted: Vec<(&str, u16)> = on_node
        .map(|port| (NODE_ADDRESS, port))
        .chain(local.into_iter().map(|port| ("127.0.0.1", port)))
        .collect();
    let taken: Vec<String> = wanted
        .iter()
        .filter(|(address, port)| host.is_taken(address, *port))
        .map(|(_, port)| port.to_string())
        .collect();
    if host.node_running || taken.is_empty() {
        return Check::good("ports", "free, or held by this node");
    }
    let list = taken.join(", ");
    Check::bad(
        "ports",
        format!("taken by another program: {list}"),
        format!("see who holds them: ss -ltnp | grep -E '{}'", taken.join("|")),
    )
}

fn subnets(host: &Host) -> Check {
    let node = format!("{NODE_ADDRESS}/32");
    let ours: Vec<Network> = [CLUSTER_CIDR, SERVICE_CIDR, &node]
        .iter()
        .filter_map(|text| Network::parse(text))
        .collect();
    // A wider route is no conflict: the kernel prefers our narrower one.
    let clash = host.routes.iter().find(|(link, route)| {
        ![NODE_BRIDGE, POD_BRIDGE].contains(&link.as_str())
            && ours.iter().any(|our| our.overlaps(*route) && route.prefix >= our.prefix)
    });
    match clash {
        None => Check::good("subnets", format!("{CLUSTER_CIDR}, {SERVICE_CIDR}, {node} are free")),
        Some((link, route)) => Check::bad(
            "subnets",
            format!("{route} is in use on {link}"),
            format!("take {link} down, or use a cluster of your own with CONTEXT=<name>"),
        ),
    }
}

fn other_kubernetes(host: &Host) -> Check {
    match host.other_kubernetes.first() {
        None => Check::good("other Kubernetes", "none on this machine"),
        Some(path) => Check::bad(
            "other Kubernetes",
            format!(
                "{} runs here; two kubelets would share /var/log/pods and the Service rules",
                path.display()
            ),
            "use that cluster: CONTEXT=<name>, or stop it first",
        ),
    }
}

fn forwarding(host: &Host) -> Check {
    if !host.forwarding_dropped {
        return Check::good("firewall", "lets packets between pods pass");
    }
    Check {
        name: "firewall".to_owned(),
        verdict: Verdict::Doubtful,
        found: "forwarded packets are dropped unless a rule says otherwise".to_owned(),
        remedy: format!(
            "allow pods: iptables -I FORWARD -i {POD_BRIDGE} -j ACCEPT; iptables -I FORWARD -o {POD_BRIDGE} -j ACCEPT"
        ),
    }
}

#[cfg(test)]
mod tests;
