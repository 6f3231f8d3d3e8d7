//! Where everything lies on disk: one cache root outside the repository.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folders of the cache and of the repository.
#[derive(Debug, Clone)]
pub struct Layout {
    root: PathBuf,
    sources: PathBuf,
}

impl Layout {
    /// The layout named by the environment: `ECOTRACK_CACHE`, else `XDG_CACHE_HOME/ecotrack`, else `HOME/.cache/ecotrack`.
    ///
    /// # Errors
    /// When none of the three variables is set.
    pub fn from_env() -> Result<Self> {
        let root = ecotrack_platform::cache()
            .context("no cache folder: none of ECOTRACK_CACHE, XDG_CACHE_HOME and HOME is set; set ECOTRACK_CACHE")?;
        Ok(Self::new(root, PathBuf::from(env!("CARGO_MANIFEST_DIR"))))
    }

    /// A layout with the given cache root and the given folder of this crate.
    #[must_use]
    pub fn new(root: PathBuf, sources: PathBuf) -> Self {
        Self { root, sources }
    }

    /// The cache root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of this crate in the repository, with recipes and pinned modules.
    #[must_use]
    pub fn sources(&self) -> &Path {
        &self.sources
    }

    /// Finished programs, one folder per component and version.
    #[must_use]
    pub fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// Image layers and what is known of each image.
    #[must_use]
    pub fn images(&self) -> PathBuf {
        self.root.join("images")
    }

    /// What came from package registries.
    #[must_use]
    pub fn downloads(&self) -> PathBuf {
        self.root.join("downloads")
    }

    /// Scratch space of a build; nothing in it is needed afterwards.
    #[must_use]
    pub fn build(&self) -> PathBuf {
        self.root.join("build")
    }

    /// Everything of the running node.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.root.join("embedded")
    }

    /// The kubeconfig for users.
    #[must_use]
    pub fn kubeconfig(&self) -> PathBuf {
        self.state().join("kubeconfig")
    }

    /// Logs of the node's own programs.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.state().join("log")
    }

    /// Keys and certificates.
    #[must_use]
    pub fn pki(&self) -> PathBuf {
        self.state().join("pki")
    }

    /// One file per program started by us: its process id and start time.
    #[must_use]
    pub fn run(&self) -> PathBuf {
        self.state().join("run")
    }
}
