//! What the embedded cluster noted of the images it made: a file per image, named after it, with its digest.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::error::InstallError;

/// Digests by what an image's name is in the name of a file. None where images are pulled.
#[derive(Debug, Default)]
pub(crate) struct ImageRecords(BTreeMap<String, String>);

#[derive(Deserialize)]
struct Record {
    digest: String,
}

impl ImageRecords {
    /// Reads the folder, if there is one.
    pub(crate) fn read(folder: Option<&Path>) -> Result<Self, InstallError> {
        let Some(folder) = folder.filter(|folder| folder.exists()) else {
            return Ok(Self::default());
        };
        let failed = |source| InstallError::File {
            doing: "reading the records of images in",
            path: folder.to_owned(),
            source,
        };
        let mut digests = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let Some(name) = name.strip_suffix(".json") else { continue };
            let text = fs::read(&path).map_err(failed)?;
            // An image whose record was cut off counts as one without a record.
            if let Ok(record) = serde_json::from_slice::<Record>(&text) {
                digests.insert(name.to_owned(), record.digest);
            }
        }
        Ok(Self(digests))
    }

    /// The digest of an image by its full name.
    pub(crate) fn digest(&self, image: &str) -> Option<&str> {
        self.0.get(&image.replace(['/', ':'], "_")).map(String::as_str)
    }

    /// The digest of the newest version of one of the project's own images, by its short name.
    pub(crate) fn newest_of(&self, name: &str) -> Option<&str> {
        let prefix = format!("docker.io_ecotrack_{name}_");
        let newest = self.0.iter().rfind(|(image, _)| image.starts_with(&prefix));
        newest.map(|(_, digest)| digest.as_str())
    }

    /// All that is known of images of the platform; those of the project's own services are rolled out by their releases.
    pub(crate) fn of_platform(&self) -> String {
        let others = self.0.iter().filter(|(name, _)| !name.contains("_ecotrack_"));
        others.map(|(name, digest)| format!("{name} {digest}")).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_its_full_name() {
        let folder = tempfile::tempdir().unwrap();
        let note = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        note("docker.io_ecotrack_user-service_v1.2.0.json", r#"{"key":"k","digest":"sha256:a"}"#);
        note("quay.io_a_b_v1.json", r#"{"key":"k","digest":"sha256:b"}"#);
        note("quay.io_a_c_v1.json", "cut");
        let records = ImageRecords::read(Some(folder.path())).unwrap();
        assert_eq!(records.digest("docker.io/ecotrack/user-service:v1.2.0"), Some("sha256:a"));
        assert_eq!(records.digest("quay.io/a/c:v1"), None);
        assert_eq!(records.of_platform(), "quay.io_a_b_v1 sha256:b");
    }

    #[test]
    fn where_images_are_pulled_nothing_is_known() {
        let nowhere = Path::new("no/such/folder");
        for records in [ImageRecords::read(None), ImageRecords::read(Some(nowhere))] {
            assert_eq!(records.unwrap().of_platform(), "");
        }
    }
}
