//! Image layers: tar files whose content decides their digest, nothing else.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

const CHUNK: usize = 1 << 20;

/// A layer on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The uncompressed tar.
    pub file: PathBuf,
    /// `sha256:` and the hexadecimal digest of the tar.
    pub digest: String,
    /// The tar's size in bytes.
    pub size: u64,
}

impl Layer {
    /// A layer of an existing tar.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of(file: &Path) -> Result<Self> {
        let source = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
        let (digest, size) =
            digest_of(source).with_context(|| format!("cannot read {}", file.display()))?;
        Ok(Self { file: file.to_path_buf(), digest, size })
    }
}

/// What stands at a path of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A copy of a file, with its permissions.
    File(PathBuf, u32),
    /// A text, with its permissions.
    Text(String, u32),
    /// A folder, with its permissions.
    Folder(u32),
}

/// A path of an image and what stands there; everything belongs to root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The path, without a leading slash.
    pub path: String,
    /// What stands there.
    pub content: Content,
}

/// Writes a layer of `entries` to `file`: the same entries give the same bytes, on any day and machine.
///
/// # Errors
/// When a source cannot be read or the file cannot be written.
pub fn write(entries: &[Entry], file: &Path) -> Result<Layer> {
    let target = File::create(file).with_context(|| format!("cannot create {}", file.display()))?;
    let mut tar = Builder::new(BufWriter::with_capacity(CHUNK, target));
    for entry in entries {
        append(&mut tar, entry).with_context(|| format!("cannot add {} to a layer", entry.path))?;
    }
    tar.into_inner()?.flush().with_context(|| format!("cannot write {}", file.display()))?;
    Layer::of(file)
}

fn append<W: Write>(tar: &mut Builder<W>, entry: &Entry) -> Result<()> {
    match &entry.content {
        Content::Folder(mode) => {
            put(tar, &format!("{}/", entry.path), EntryType::Directory, *mode, 0, io::empty())
        }
        Content::Text(text, mode) => {
            put(tar, &entry.path, EntryType::Regular, *mode, text.len() as u64, text.as_bytes())
        }
        Content::File(source, mode) => {
            let file =
                File::open(source).with_context(|| format!("cannot open {}", source.display()))?;
            let size = file.metadata()?.len();
            put(
                tar,
                &entry.path,
                EntryType::Regular,
                *mode,
                size,
                BufReader::with_capacity(CHUNK, file),
            )
        }
    }
}

fn put<W: Write>(
    tar: &mut Builder<W>,
    path: &str,
    kind: EntryType,
    mode: u32,
    size: u64,
    data: impl Read,
) -> Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    tar.append_data(&mut header, path, data)?;
    Ok(())
}

/// The entries of a whole folder, sorted by path, below `prefix`.
///
/// # Errors
/// When the folder cannot be read.
pub fn entries_of_folder(folder: &Path, prefix: &str) -> Result<Vec<Entry>> {
    let mut names: Vec<PathBuf> = fs::read_dir(folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    names.sort();
    let mut entries = Vec::new();
    for path in names {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let inside = format!("{prefix}/{name}");
        if path.is_dir() {
            entries.push(Entry { path: inside.clone(), content: Content::Folder(0o755) });
            entries.extend(entries_of_folder(&path, &inside)?);
        } else {
            let mode = fs::metadata(&path)?.permissions().mode() & 0o777;
            entries.push(Entry { path: inside, content: Content::File(path, mode | 0o444) });
        }
    }
    Ok(entries)
}

/// The digest of bytes, as images write it.
#[must_use]
pub fn digest_of_bytes(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

fn digest_of(mut source: impl Read) -> io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut size = 0;
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = source.read(&mut chunk)?;
        if read == 0 {
            return Ok((format!("sha256:{}", hex(&hasher.finalize())), size));
        }
        hasher.update(&chunk[..read]);
        size += read as u64;
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        vec![
            Entry { path: "etc".to_owned(), content: Content::Folder(0o755) },
            Entry {
                path: "etc/passwd".to_owned(),
                content: Content::Text("root:x:0:0::/:\n".to_owned(), 0o644),
            },
        ]
    }

    #[test]
    fn the_same_entries_give_the_same_digest() {
        let folder = tempfile::tempdir().unwrap();
        let one = write(&entries(), &folder.path().join("one.tar")).unwrap();
        let two = write(&entries(), &folder.path().join("two.tar")).unwrap();
        assert_eq!((one.digest, one.size), (two.digest, two.size));
    }

    #[test]
    fn a_changed_permission_changes_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let mut changed = entries();
        changed[1].content = Content::Text("root:x:0:0::/:\n".to_owned(), 0o600);
        let one = write(&entries(), &folder.path().join("one.tar")).unwrap();
        let two = write(&changed, &folder.path().join("two.tar")).unwrap();
        assert_ne!(one.digest, two.digest);
    }

    #[test]
    fn the_digest_is_that_of_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let layer = write(&entries(), &folder.path().join("layer.tar")).unwrap();
        let bytes = fs::read(&layer.file).unwrap();
        assert_eq!((layer.digest, layer.size), (digest_of_bytes(&bytes), bytes.len() as u64));
    }

    #[test]
    fn a_folder_is_listed_in_order_with_its_subfolders() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("b")).unwrap();
        fs::write(folder.path().join("b/two"), "").unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        let paths: Vec<String> = entries_of_folder(folder.path(), "opt")
            .unwrap()
            .into_iter()
            .map(|entry| entry.path)
            .collect();
        assert_eq!(paths, ["opt/a", "opt/b", "opt/b/two"]);
    }
}
