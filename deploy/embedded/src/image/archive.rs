//! The OCI image archive: layers, configuration, manifest and index in one tar, written as a stream.

use std::fs::File;
use std::io::Write;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tar::{Builder, Header};

use super::layer::{Layer, digest_of_bytes};

const DEFAULT_PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";

/// How a container of the image starts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The program and its fixed arguments.
    #[serde(default)]
    pub entrypoint: Vec<String>,
    /// Arguments a pod may replace.
    #[serde(default)]
    pub command: Vec<String>,
    /// `uid` or `uid:gid`; empty means root.
    #[serde(default)]
    pub user: String,
    /// Variables, `NAME=value`; a `PATH` here replaces the usual one.
    #[serde(default)]
    pub env: Vec<String>,
    /// The working folder; empty means the root.
    #[serde(default)]
    pub folder: String,
    /// The signal that asks for an orderly end, if not SIGTERM.
    #[serde(default)]
    pub stop_signal: String,
}

/// A complete image, ready to be written.
#[derive(Debug, Clone)]
pub struct Image {
    name: String,
    layers: Vec<Layer>,
    config: Vec<u8>,
    manifest: Vec<u8>,
}

impl Image {
    /// Composes an image of layers, the lowest first.
    ///
    /// # Errors
    /// When the configuration cannot be written as JSON.
    pub fn compose(name: &str, layers: Vec<Layer>, start: &Start) -> Result<Self> {
        let config = serde_json::to_vec(&config(&layers, start))?;
        let manifest = serde_json::to_vec(&manifest(&layers, &config))?;
        Ok(Self { name: name.to_owned(), layers, config, manifest })
    }

    /// The digest of the manifest, which is the image's identity.
    #[must_use]
    pub fn digest(&self) -> String {
        digest_of_bytes(&self.manifest)
    }

    /// Writes the archive.
    ///
    /// # Errors
    /// When a layer cannot be read or the sink refuses.
    pub fn write(&self, sink: impl Write) -> Result<()> {
        let mut tar = Builder::new(sink);
        put(&mut tar, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        put(&mut tar, "index.json", &serde_json::to_vec(&self.index())?)?;
        put(&mut tar, &blob(&self.digest()), &self.manifest)?;
        put(&mut tar, &blob(&digest_of_bytes(&self.config)), &self.config)?;
        let mut written: Vec<&str> = Vec::new();
        for layer in &self.layers {
            if !written.contains(&layer.digest.as_str()) {
                put_layer(&mut tar, layer)?;
                written.push(&layer.digest);
            }
        }
        tar.into_inner()?.flush().context("cannot end the archive")
    }

    fn index(&self) -> Value {
        json!({
            "schemaVersion": 2,
            "manifests": [{
                "mediaType": MANIFEST_TYPE,
                "digest": self.digest(),
                "size": self.manifest.len(),
                "annotations": {"io.containerd.image.name": self.name},
            }],
        })
    }
}

fn config(layers: &[Layer], start: &Start) -> Value {
    let mut env = start.env.clone();
    if !env.iter().any(|variable| variable.starts_with("PATH=")) {
        env.insert(0, DEFAULT_PATH.to_owned());
    }
    let mut inner = json!({"Env": env, "User": start.user, "WorkingDir": start.folder});
    for (key, list) in [("Entrypoint", &start.entrypoint), ("Cmd", &start.command)] {
        if !list.is_empty() {
            inner[key] = json!(list);
        }
    }
    if !start.stop_signal.is_empty() {
        inner["StopSignal"] = json!(start.stop_signal);
    }
    let diffs: Vec<&str> = layers.iter().map(|layer| layer.digest.as_str()).collect();
    json!({"architecture": architecture(), "os": "linux", "config": inner, "rootfs": {"type": "layers", "diff_ids": diffs}})
}

/// The machine's architecture as images name it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn manifest(layers: &[Layer], config: &[u8]) -> Value {
    let described: Vec<Value> = layers
        .iter()
        .map(|layer| json!({"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer.digest, "size": layer.size}))
        .collect();
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest_of_bytes(config),
            "size": config.len(),
        },
        "layers": described,
    })
}

fn blob(digest: &str) -> String {
    format!("blobs/{}", digest.replace(':', "/"))
}

fn header(size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_mode(0o644);
    header.set_size(size);
    header.set_mtime(0);
    header
}

fn put<W: Write>(tar: &mut Builder<W>, path: &str, data: &[u8]) -> Result<()> {
    tar.append_data(&mut header(data.len() as u64), path, data)
        .with_context(|| format!("cannot write {path}"))
}

fn put_layer<W: Write>(tar: &mut Builder<W>, layer: &Layer) -> Result<()> {
    let file =
        File::open(&layer.file).with_context(|| format!("cannot open {}", layer.file.display()))?;
    tar.append_data(&mut header(layer.size), blob(&layer.digest), file)
        .with_context(|| format!("cannot write the layer {}", layer.file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::layer::{Content, Entry, write};
    use std::io::Read;

    fn image(user: &str) -> (tempfile::TempDir, Image) {
        let folder = tempfile::tempdir().unwrap();
        let entry =
            Entry { path: "hello".to_owned(), content: Content::Text("hello".to_owned(), 0o644) };
        let layer = write(&[entry], &folder.path().join("layer.tar")).unwrap();
        let start = Start {
            entrypoint: vec!["/hello".to_owned()],
            user: user.to_owned(),
            ..Start::default()
        };
        (folder, Image::compose("docker.io/ecotrack/hello:v1", vec![layer], &start).unwrap())
    }

    fn archive(image: &Image) -> Vec<(String, Vec<u8>)> {
        let mut bytes = Vec::new();
        image.write(&mut bytes).unwrap();
        let mut files = Vec::new();
        for entry in tar::Archive::new(bytes.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let path = entry.path().unwrap().display().to_string();
            let mut data = Vec::new();
            entry.read_to_end(&mut data).unwrap();
            files.push((path, data));
        }
        files
    }

    #[test]
    fn every_blob_lies_under_its_own_digest() {
        let (_folder, image) = image("1000");
        for (path, data) in archive(&image).iter().filter(|(path, _)| path.starts_with("blobs/")) {
            assert_eq!(*path, blob(&digest_of_bytes(data)));
        }
    }

    #[test]
    fn the_index_names_the_image_and_its_manifest() {
        let (_folder, image) = image("1000");
        let files = archive(&image);
        let (_, index) = files.iter().find(|(path, _)| path == "index.json").unwrap();
        let index: Value = serde_json::from_slice(index).unwrap();
        assert_eq!(index["manifests"][0]["digest"], image.digest());
        assert_eq!(
            index["manifests"][0]["annotations"]["io.containerd.image.name"],
            "docker.io/ecotrack/hello:v1"
        );
    }

    #[test]
    fn how_it_starts_is_part_of_the_identity() {
        assert_ne!(image("1000").1.digest(), image("0").1.digest());
        assert_eq!(image("1000").1.digest(), image("1000").1.digest());
    }

    #[test]
    fn a_path_of_its_own_replaces_the_usual_one() {
        let start = Start { env: vec!["PATH=/opt".to_owned()], ..Start::default() };
        assert_eq!(config(&[], &start)["config"]["Env"], json!(["PATH=/opt"]));
        assert_eq!(config(&[], &Start::default())["config"]["Env"], json!([DEFAULT_PATH]));
    }
}
