//! The parts of the platform and what each is made of.

use std::fmt;
use std::time::Duration;

use crate::source::Source;

/// A part that can be installed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PartName {
    /// PostgreSQL, Redis, Kafka.
    Data,
    /// The secret store.
    Openbao,
    /// The operator that copies secrets into the cluster.
    ExternalSecrets,
    /// The mesh and its gateway.
    Istio,
    /// Metrics, alerts, logs, traces.
    Observability,
}

impl PartName {
    /// Every part.
    pub const ALL: [Self; 5] =
        [Self::Data, Self::Openbao, Self::ExternalSecrets, Self::Istio, Self::Observability];

    /// Its name on the command line and in the record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Openbao => "openbao",
            Self::ExternalSecrets => "external-secrets",
            Self::Istio => "istio",
            Self::Observability => "observability",
        }
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A part: stages that are applied one after the other, each when the one before is ready.
pub(crate) struct Part {
    pub(crate) name: PartName,
    pub(crate) stages: Vec<Stage>,
    /// How long all of it may take.
    pub(crate) deadline: Duration,
}

/// What can be applied at once.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) sources: Vec<Source>,
}
