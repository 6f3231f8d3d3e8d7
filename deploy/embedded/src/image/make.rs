//! From recipe to store: composes an image and imports it when what it is made of changed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::archive::Image;
use super::layer::{self, Content, Entry, Layer, digest_of_bytes};
use super::recipe::{Recipe, Recipes};
use super::rootfs;
use super::source::Sources;
use super::store::Store;

/// What is remembered of an image: what it was made of, and what came of it.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    key: String,
    digest: String,
}

/// What became of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The digest of its manifest.
    pub digest: String,
    /// Whether it was made and imported anew.
    pub changed: bool,
}

/// Makes images and keeps the store up to date.
#[derive(Debug)]
pub struct Maker<'a> {
    /// Where files come from.
    pub sources: Sources<'a>,
    /// All recipes.
    pub recipes: &'a Recipes,
    /// The node's image store.
    pub store: Store,
}

impl Maker<'_> {
    /// Sees to it that the store holds the image as its recipe and its files are now.
    ///
    /// # Errors
    /// When a file is missing, or containerd refuses the image.
    pub fn ensure(&self, recipe: &Recipe, stored: &BTreeMap<String, String>) -> Result<Outcome> {
        let entries = self.sources.entries(recipe)?;
        let base = self.base(recipe)?;
        let key = key(recipe, &entries, base.as_ref())?;
        let path = self.record_path(recipe);
        if let Some(record) = read(&path)
            && record.key == key
            && stored.get(&recipe.name) == Some(&record.digest)
        {
            return Ok(Outcome { digest: record.digest, changed: false });
        }
        let digest = self
            .import(recipe, &entries, base)
            .with_context(|| format!("cannot import {}", recipe.name))?;
        let text = serde_json::to_vec(&Record { key, digest: digest.clone() })?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Outcome { digest, changed: true })
    }

    fn base(&self, recipe: &Recipe) -> Result<Option<Layer>> {
        let Some(name) = &recipe.base else { return Ok(None) };
        let base =
            self.recipes.bases.get(name).with_context(|| format!("no package set {name:?}"))?;
        rootfs::layer(self.sources.layout, name, base).map(Some)
    }

    fn import(&self, recipe: &Recipe, entries: &[Entry], base: Option<Layer>) -> Result<String> {
        let scratch = self.sources.layout.images().join("scratch");
        fs::create_dir_all(&scratch)
            .with_context(|| format!("cannot make {}", scratch.display()))?;
        let file =
            tempfile::NamedTempFile::new_in(&scratch).context("cannot make a scratch file")?;
        let mut layers = Vec::from_iter(base);
        if !entries.is_empty() {
            layers.push(layer::write(entries, file.path())?);
        }
        let image = Image::compose(&recipe.name, layers, &recipe.start)?;
        self.store.import(&image)?;
        Ok(image.digest())
    }

    fn record_path(&self, recipe: &Recipe) -> PathBuf {
        let name = recipe.name.replace(['/', ':'], "_");
        self.sources.layout.images().join(format!("{name}.json"))
    }
}

fn read(path: &PathBuf) -> Option<Record> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// What decides an image. Files count by size and time of change: reading gigabytes at each start would cost too much.
fn key(recipe: &Recipe, entries: &[Entry], base: Option<&Layer>) -> Result<String> {
    let mut parts = vec![
        serde_json::to_string(recipe)?,
        base.map_or_else(String::new, |layer| layer.digest.clone()),
    ];
    for entry in entries {
        parts.push(format!("{} {}", entry.path, fingerprint(&entry.content)?));
    }
    Ok(digest_of_bytes(parts.join("\n").as_bytes()))
}

fn fingerprint(content: &Content) -> Result<String> {
    Ok(match content {
        Content::Folder(mode) => format!("folder {mode:o}"),
        Content::Text(text, mode) => format!("text {mode:o} {}", digest_of_bytes(text.as_bytes())),
        Content::File(path, mode) => {
            let data =
                fs::metadata(path).with_context(|| format!("{} is not there", path.display()))?;
            format!("file {mode:o} {} {}.{}", data.len(), data.mtime(), data.mtime_nsec())
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::archive::Start;

    fn recipe() -> Recipe {
        Recipe {
            name: "a.b/c:1".to_owned(),
            base: None,
            own: false,
            files: Vec::new(),
            folders: Vec::new(),
            start: Start::default(),
        }
    }

    fn file(folder: &tempfile::TempDir, text: &str) -> Entry {
        let path = folder.path().join("program");
        fs::write(&path, text).unwrap();
        Entry { path: "program".to_owned(), content: Content::File(path, 0o755) }
    }

    #[test]
    fn a_rebuilt_program_makes_a_new_image() {
        let folder = tempfile::tempdir().unwrap();
        let before = key(&recipe(), &[file(&folder, "one")], None).unwrap();
        let after = key(&recipe(), &[file(&folder, "three")], None).unwrap();
        assert_ne!(before, after);
    }

    #[test]
    fn an_untouched_program_keeps_the_image() {
        let folder = tempfile::tempdir().unwrap();
        let entries = [file(&folder, "one")];
        assert_eq!(
            key(&recipe(), &entries, None).unwrap(),
            key(&recipe(), &entries, None).unwrap()
        );
    }

    #[test]
    fn another_user_makes_a_new_image() {
        let mut other = recipe();
        other.start.user = "1000".to_owned();
        assert_ne!(key(&recipe(), &[], None).unwrap(), key(&other, &[], None).unwrap());
    }

    #[test]
    fn a_missing_file_is_named() {
        let entry = Entry {
            path: "x".to_owned(),
            content: Content::File(PathBuf::from("/does/not/exist"), 0o755),
        };
        assert!(
            key(&recipe(), &[entry], None).unwrap_err().to_string().contains("/does/not/exist")
        );
    }
}
