//! The command line of a run: the same for `cargo test --test features --` and `conformance run`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use crate::cluster::ContextChoice;
use crate::profile::{ANY, EMBEDDED};

/// What to run, where, and how.
#[derive(Debug, Clone, Args)]
pub struct RunArguments {
    /// Which cluster.
    #[command(flatten)]
    pub context: ContextChoice,
    /// Only scenarios whose tags satisfy this expression, such as '@profile.mesh and not @slow'.
    #[arg(long, value_name = "EXPRESSION")]
    pub tags: Option<String>,
    /// Scenarios that run at the same time; those tagged @serial run alone.
    #[arg(long, default_value = "12", value_name = "COUNT")]
    pub concurrency: NonZeroUsize,
    /// What the cluster is declared to have and to lack (features/profiles.yaml) [default: embedded without --context, else any].
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// List what would run and stop.
    #[arg(long)]
    pub dry_run: bool,
    /// Run the negative controls, or only the named one: sabotage, see red, heal, see green.
    #[arg(long, value_name = "CONTROL", num_args = 0..=1, default_missing_value = "")]
    pub prove: Option<String>,
}

impl RunArguments {
    /// The profile by name.
    #[must_use]
    pub fn profile(&self) -> &str {
        profile_of(&self.context, self.profile.as_deref())
    }

    /// The control to prove, if only one is.
    #[must_use]
    pub fn control(&self) -> Option<&str> {
        self.prove.as_deref().filter(|name| !name.is_empty())
    }
}

/// The chosen profile by name, or else the embedded cluster's where no other is named.
#[must_use]
pub fn profile_of<'a>(context: &ContextChoice, chosen: Option<&'a str>) -> &'a str {
    let named = context.context.as_deref().is_some_and(|context| !context.is_empty());
    chosen.unwrap_or(if named { ANY } else { EMBEDDED })
}

/// The checkout the harness works on.
#[derive(Debug, Clone)]
pub struct Repository(PathBuf);

impl Repository {
    /// The nearest folder upward from the current one that holds `features/requirements.yaml`.
    pub fn find() -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("finding the current folder")?;
        let found = here
            .ancestors()
            .find(|folder| folder.join("features").join("requirements.yaml").is_file());
        found.map(|folder| Self(folder.to_owned())).with_context(|| {
            format!(
                "no features/requirements.yaml above {}: run it inside the checkout",
                here.display()
            )
        })
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// The folder of the features.
    #[must_use]
    pub fn features(&self) -> PathBuf {
        self.0.join("features")
    }
}
