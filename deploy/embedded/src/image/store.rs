//! The node's image store: what is in it, and putting images into it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::archive::Image;
use crate::command;

/// The namespace the kubelet's images live in.
const NAMESPACE: &str = "k8s.io";

/// containerd's images, reached through its own command line.
#[derive(Debug, Clone)]
pub struct Store {
    /// The program `ctr`.
    pub ctr: PathBuf,
    /// containerd's socket.
    pub socket: PathBuf,
}

impl Store {
    fn ctr(&self) -> Command {
        let mut command = Command::new(&self.ctr);
        command.arg("--address").arg(&self.socket).args(["--namespace", NAMESPACE]);
        command
    }

    /// The images in the store, with the digest of each.
    ///
    /// # Errors
    /// When containerd does not answer.
    pub fn images(&self) -> Result<BTreeMap<String, String>> {
        Ok(parse_list(&command::output(self.ctr().args(["images", "list"]))?))
    }

    /// Puts an image into the store, unpacked and ready to run.
    ///
    /// # Errors
    /// When a layer cannot be read or containerd refuses the image.
    pub fn import(&self, image: &Image) -> Result<()> {
        let mut child = self
            .ctr()
            // Unpacked is what runs; the packed layers would lie beside it for nothing.
            .args(["images", "import", "--local", "--discard-unpacked-layers", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start ctr")?;
        let sink = child.stdin.take().context("no standard input of ctr")?;
        let written = image.write(sink);
        let done = child.wait_with_output().context("cannot wait for ctr")?;
        if !done.status.success() {
            bail!(
                "containerd refused the image: {}",
                command::tail(&String::from_utf8_lossy(&done.stderr))
            );
        }
        written
    }
}

fn parse_list(text: &str) -> BTreeMap<String, String> {
    let rows = text.lines().skip(1).filter_map(|line| {
        let mut columns = line.split_whitespace();
        let name = columns.next()?;
        let digest = columns.find(|column| column.starts_with("sha256:"))?;
        Some((name.to_owned(), digest.to_owned()))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_digests_are_read_from_the_list() {
        let text = "REF                TYPE                                       DIGEST      SIZE    PLATFORMS   LABELS\n\
                    registry.k8s.io/pause:3.10.1 application/vnd.oci.image.manifest.v1+json sha256:abc 700 KiB linux/amd64 -\n";
        let images = parse_list(text);
        assert_eq!(
            images.get("registry.k8s.io/pause:3.10.1").map(String::as_str),
            Some("sha256:abc")
        );
        assert_eq!(images.len(), 1);
    }
}
