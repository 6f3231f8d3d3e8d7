//! What a part is made of, as one digest: when it is the same as at the last installation, nothing needs to be rendered.

use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::error::InstallError;
use crate::manifest::hex;
use crate::part::Part;

/// Raise it when the same sources are to give other objects.
const RENDERING: u32 = 1;

/// The digest of everything a part's objects depend on: its sources, and `around`, what the cluster gives.
pub(crate) fn fingerprint(
    part: &Part,
    repository: &Path,
    around: &str,
) -> Result<String, InstallError> {
    let mut hasher = Sha256::new();
    hasher.update(RENDERING.to_le_bytes());
    hasher.update(around);
    for stage in &part.stages {
        hasher.update(stage.name);
        for path in stage.sources.iter().flat_map(|source| source.inputs(repository)) {
            add(&mut hasher, &path)?;
        }
    }
    Ok(hex(&hasher.finalize()))
}

/// The digest of files and folders, and of what else decides.
pub(crate) fn fingerprint_of(paths: &[&Path], around: &str) -> Result<String, InstallError> {
    let mut hasher = Sha256::new();
    hasher.update(RENDERING.to_le_bytes());
    hasher.update(around);
    paths.iter().try_for_each(|path| add(&mut hasher, path))?;
    Ok(hex(&hasher.finalize()))
}

/// A file by name and content, a folder by all it holds, in the order of the names.
fn add(hasher: &mut Sha256, path: &Path) -> Result<(), InstallError> {
    let failed = |source| InstallError::File { doing: "reading", path: path.to_owned(), source };
    hasher.update(path.file_name().unwrap_or_default().as_encoded_bytes());
    if !path.is_dir() {
        hasher.update(fs::read(path).map_err(failed)?);
        return Ok(());
    }
    let entries: Result<Vec<_>, _> = fs::read_dir(path).map_err(failed)?.collect();
    let mut paths: Vec<_> = entries.map_err(failed)?.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    paths.iter().try_for_each(|path| add(hasher, path))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::part::{PartName, Stage};
    use crate::source::Source;

    fn of(folder: &Path, around: &str) -> String {
        let sources = vec![Source::Kustomization(folder.to_owned())];
        let stages = vec![Stage { name: "stores", sources }];
        let part = Part { name: PartName::Data, stages, deadline: Duration::ZERO };
        fingerprint(&part, Path::new("."), around).unwrap()
    }

    #[test]
    fn it_changes_with_content_names_and_surroundings_and_with_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("postgres")).unwrap();
        fs::write(path("postgres/a.yaml"), "1").unwrap();
        let before = of(folder.path(), "x");
        assert_eq!(of(folder.path(), "x"), before);
        assert_ne!(of(folder.path(), "y"), before);
        fs::write(path("postgres/a.yaml"), "2").unwrap();
        let changed = of(folder.path(), "x");
        assert_ne!(changed, before);
        fs::rename(path("postgres/a.yaml"), path("postgres/b.yaml")).unwrap();
        assert_ne!(of(folder.path(), "x"), changed);
    }
}
