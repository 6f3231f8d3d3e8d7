//! The platform's Secrets as the cluster has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::manifest::Object;

/// All Secrets the installer made before.
pub(super) struct Existing(Vec<Object>);

impl Existing {
    pub(super) fn new(secrets: Vec<Object>) -> Self {
        Self(secrets)
    }

    /// A value of a Secret, if it is there and text.
    pub(super) fn text(&self, namespace: &str, name: &str, key: &str) -> Option<String> {
        String::from_utf8(self.bytes(namespace, name, key)?).ok()
    }

    /// A value of a Secret, if it is there.
    pub(super) fn bytes(&self, namespace: &str, name: &str, key: &str) -> Option<Vec<u8>> {
        let value = self.find(namespace, name)?.0.get("data")?.get(key)?.as_str()?;
        STANDARD.decode(value).ok()
    }

    /// An annotation of a Secret, if it is there.
    pub(super) fn annotation(&self, namespace: &str, name: &str, key: &str) -> Option<&str> {
        self.find(namespace, name)?.0.get("metadata")?.get("annotations")?.get(key)?.as_str()
    }

    fn find(&self, namespace: &str, name: &str) -> Option<&Object> {
        self.0.iter().find(|secret| secret.namespace() == namespace && secret.name() == name)
    }
}
