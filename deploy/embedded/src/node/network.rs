//! The node's links, address translation and pod network configuration.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::settings::{NFT_TABLE, NODE_ADDRESS, NODE_BRIDGE, POD_BRIDGE, POD_CIDR};
use crate::command;
use crate::layout::Layout;

/// Where Debian keeps the network plugins.
pub const PLUGIN_FOLDER: &str = "/usr/lib/cni";

/// Makes the bridge that carries the node's address. There is no `dummy` device in every kernel; a bridge is in all.
///
/// # Errors
/// When a link cannot be made.
pub fn ensure_node_bridge() -> Result<()> {
    if !link_exists(NODE_BRIDGE) {
        command::run("ip", &["link", "add", NODE_BRIDGE, "type", "bridge"])?;
    }
    command::run("ip", &["address", "replace", &format!("{NODE_ADDRESS}/32"), "dev", NODE_BRIDGE])?;
    command::run("ip", &["link", "set", NODE_BRIDGE, "up"])?;
    Ok(())
}

/// Whether a link of this name is there.
#[must_use]
pub fn link_exists(name: &str) -> bool {
    PathBuf::from("/sys/class/net").join(name).exists()
}

/// Lets pods reach the world outside under the node's own address. The table is ours alone and is replaced whole.
///
/// # Errors
/// When nftables refuses the table.
pub fn ensure_masquerade() -> Result<()> {
    let rules = format!(
        "table ip {NFT_TABLE} {{}}\nflush table ip {NFT_TABLE}\ntable ip {NFT_TABLE} {{\n  chain postrouting {{\n    \
         type nat hook postrouting priority srcnat;\n    \
         ip saddr {POD_CIDR} oifname != \"{POD_BRIDGE}\" masquerade\n  }}\n}}\n"
    );
    command::with_input(Command::new("nft").args(["-f", "-"]), rules.as_bytes())?;
    Ok(())
}

/// Writes the pod network: a bridge with addresses kept in our state, and no rule in anybody's firewall.
///
/// # Errors
/// When the file cannot be written.
pub fn write_pod_network(layout: &Layout) -> Result<()> {
    let folder = config_folder(layout);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join("10-ecotrack.conflist");
    fs::write(&path, serde_json::to_vec_pretty(&pod_network(layout))?)
        .with_context(|| format!("cannot write {}", path.display()))
}

/// The pod network, as containerd's network library reads it.
#[must_use]
pub fn pod_network(layout: &Layout) -> Value {
    json!({
        "cniVersion": "1.0.0",
        "name": "ecotrack",
        "plugins": [{
            "type": "bridge",
            "bridge": POD_BRIDGE,
            "isGateway": true,
            "hairpinMode": true,
            "ipMasq": false,
            "ipam": {
                "type": "host-local",
                "dataDir": address_folder(layout),
                "ranges": [[{"subnet": POD_CIDR}]],
                "routes": [{"dst": "0.0.0.0/0"}],
            },
        }],
    })
}

/// The folder containerd reads the pod network from.
#[must_use]
pub fn config_folder(layout: &Layout) -> PathBuf {
    layout.state().join("cni/conf")
}

/// The folder with the addresses given to pods.
#[must_use]
pub fn address_folder(layout: &Layout) -> PathBuf {
    layout.state().join("cni/addresses")
}
