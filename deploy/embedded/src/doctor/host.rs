//! What the checks look at, gathered once; tests write it down instead.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::sys::statfs::{OVERLAYFS_SUPER_MAGIC, statfs};
use nix::sys::statvfs::statvfs;
use procfs::net::TcpState;

use crate::command;
use crate::compile;
use crate::component::Component;
use crate::layout::Layout;
use crate::node::cgroup;
use crate::node::leftovers;
use crate::node::network::PLUGIN_FOLDER;
use crate::node::process;

/// An IPv4 network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The first address.
    pub address: Ipv4Addr,
    /// How many leading bits are the network's.
    pub prefix: u8,
}

impl Network {
    /// Reads `address/prefix`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let prefix: u8 = prefix.parse().ok().filter(|&prefix| prefix <= 32)?;
        Some(Self { address: address.parse().ok()?, prefix })
    }

    /// Whether the two share an address.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let shared = self.prefix.min(other.prefix);
        self.first_bits(shared) == other.first_bits(shared)
    }

    fn first_bits(self, count: u8) -> u32 {
        u32::from(self.address).checked_shr(32 - u32::from(count)).unwrap_or_default()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.address, self.prefix)
    }
}

/// A view of the machine.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one finding about the machine, none is a state"
)]
pub struct Host {
    /// Whether the system is Linux.
    pub linux: bool,
    /// Whether we are root.
    pub root: bool,
    /// Where the cache lies.
    pub cache: PathBuf,
    /// Free bytes there.
    pub disk_free: u64,
    /// Bytes of memory that programs can still have.
    pub memory_available: u64,
    /// Whether every component is built already.
    pub all_built: bool,
    /// Whether a program of this node is running.
    pub node_running: bool,
    /// The version of Go, if there is one.
    pub go: Option<(u32, u32)>,
    /// Programs found.
    pub programs: BTreeSet<String>,
    /// Whether the network plugins are there.
    pub network_plugins: bool,
    /// Whether the kernel has the overlay file system.
    pub overlay: bool,
    /// Whether the cache lies on an overlay itself, as in a container.
    pub cache_on_overlay: bool,
    /// Whether the kernel will hand no controllers on to a cgroup of ours.
    pub cgroup_closed: bool,
    /// Addresses something listens on.
    pub listening: Vec<SocketAddr>,
    /// Routes by link, without the default route.
    pub routes: Vec<(String, Network)>,
    /// Programs of a Kubernetes that is not ours.
    pub other_kubernetes: Vec<PathBuf>,
    /// Whether a firewall drops forwarded packets by default.
    pub forwarding_dropped: bool,
}

impl Host {
    /// Looks at this machine.
    ///
    /// # Errors
    /// When the process table or the disk cannot be looked at.
    pub fn look(layout: &Layout, components: &[Component]) -> Result<Self> {
        Ok(Self {
            linux: cfg!(target_os = "linux"),
            root: nix::unistd::geteuid().is_root(),
            cache: layout.root().to_path_buf(),
            disk_free: disk_free(layout.root())?,
            memory_available: memory_available(),
            all_built: components
                .iter()
                .all(|component| compile::built(layout, component).unwrap_or(false)),
            node_running: leftovers::node_lives(layout)?,
            go: go_version(),
            programs: programs(),
            network_plugins: ["bridge", "host-local", "loopback"]
                .iter()
                .all(|name| Path::new(PLUGIN_FOLDER).join(name).exists()),
            overlay: fs::read_to_string("/proc/filesystems")
                .is_ok_and(|text| text.contains("\toverlay")),
            cache_on_overlay: statfs(existing(layout.root()))
                .is_ok_and(|stat| stat.filesystem_type() == OVERLAYFS_SUPER_MAGIC),
            cgroup_closed: cgroup::closed(),
            listening: listening(),
            routes: routes(),
            other_kubernetes: process::other_kubernetes(layout.root())?,
            forwarding_dropped: forwarding_dropped(),
        })
    }

    /// Whether something listens on this port of this address or of all addresses.
    #[must_use]
    pub fn is_taken(&self, address: &str, port: u16) -> bool {
        let address: Option<IpAddr> = address.parse().ok();
        self.listening.iter().any(|socket| {
            socket.port() == port && (socket.ip().is_unspecified() || Some(socket.ip()) == address)
        })
    }
}

fn disk_free(path: &Path) -> Result<u64> {
    let folder = existing(path);
    let stat = statvfs(folder)
        .with_context(|| format!("cannot look at the disk of {}", folder.display()))?;
    Ok(stat.blocks_available() * stat.fragment_size())
}

/// The folder itself, or the nearest above it that is there.
fn existing(path: &Path) -> &Path {
    path.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"))
}

fn memory_available() -> u64 {
    use procfs::Current;
    procfs::Meminfo::current().ok().and_then(|memory| memory.mem_available).unwrap_or_default()
}

fn programs() -> BTreeSet<String> {
    let names = ["cc", "java", "mvn", "mmdebstrap", "runc", "nft", "ip", "setsid"];
    let mut found: BTreeSet<String> =
        names.iter().filter(|name| on_path(name)).map(|&name| name.to_owned()).collect();
    if command::run("python3", &["-m", "pip", "--version"]).is_ok() {
        found.insert("pip".to_owned());
    }
    found
}

fn go_version() -> Option<(u32, u32)> {
    parse_go_version(&command::run("go", &["env", "GOVERSION"]).ok()?)
}

/// Reads `go1.26.8`, and `go1.27rc1`.
pub(super) fn parse_go_version(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.trim().strip_prefix("go")?.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn on_path(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders =
        std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")]);
    folders.into_iter().any(|folder| folder.join(name).is_file())
}

fn listening() -> Vec<SocketAddr> {
    let tables = [procfs::net::tcp(), procfs::net::tcp6()];
    let entries = tables.into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.state == TcpState::Listen)
        .map(|entry| entry.local_address)
        .collect()
}

fn routes() -> Vec<(String, Network)> {
    let entries = procfs::net::route().unwrap_or_default();
    let networks = entries.into_iter().map(|route| {
        let prefix = u32::from(route.mask).count_ones();
        (
            route.iface,
            Network { address: route.destination, prefix: u8::try_from(prefix).unwrap_or(32) },
        )
    });
    networks.filter(|(_, network)| network.prefix > 0).collect()
}

/// Whether a chain on the forward hook has the policy `drop`.
fn forwarding_dropped() -> bool {
    command::run("nft", &["list", "chains", "ip"]).is_ok_and(|text| {
        text.lines().any(|line| line.contains("hook forward") && line.contains("policy drop"))
    })
}
