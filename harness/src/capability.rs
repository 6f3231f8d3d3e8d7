//! What this cluster can truly show, each with proof.

mod detect;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use detect::detect;

macro_rules! capabilities {
    ($($variant:ident = $name:literal : $what:literal),+ $(,)?) => {
        /// Something a scenario may need, written `@requires.<name>` in a feature.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Capability {
            $(#[doc = $what] #[serde(rename = $name)] $variant),+
        }

        impl Capability {
            /// Every capability, in the order reports list them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name in tags and reports.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// What it is, in a few words.
            #[must_use]
            pub fn what(self) -> &'static str {
                match self { $(Self::$variant => $what),+ }
            }
        }
    };
}

capabilities! {
    Services = "services": "the five reference services, ready",
    Istio = "istio": "the service mesh with its sidecars",
    Ingress = "ingress": "the mesh's ingress gateway",
    Prometheus = "prometheus": "metrics and their rules",
    Alertmanager = "alertmanager": "alert routing",
    Loki = "loki": "log search",
    Traces = "traces": "trace search (Tempo or Jaeger)",
    Collector = "collector": "the OpenTelemetry collector that spans go through",
    Grafana = "grafana": "dashboards",
    Kafka = "kafka": "events",
    Postgres = "postgres": "the relational store",
    Redis = "redis": "the cache",
    OpenBao = "openbao": "the secret store",
    ExternalSecrets = "external-secrets": "secrets synchronised into Kubernetes",
    CertManager = "cert-manager": "certificates issued and renewed",
    Gatekeeper = "gatekeeper": "policy at admission",
    NetworkPolicy = "network-policy": "network policies enforced",
    Falco = "falco": "runtime detection",
    ArgoCd = "argocd": "delivery from Git",
    Metrics = "metrics": "the resource metrics API",
    CustomMetrics = "custom-metrics": "the custom metrics API",
    Vpa = "vpa": "vertical pod autoscaling",
    Emissary = "emissary": "the edge proxy in front",
    ExternalDns = "external-dns": "DNS records from the cluster",
}

impl fmt::Display for Capability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A name that is no capability.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no capability; known are {known}", known = names())]
pub struct UnknownCapability(String);

fn names() -> String {
    let names: Vec<&str> = Capability::ALL.iter().map(|capability| capability.name()).collect();
    names.join(", ")
}

impl FromStr for Capability {
    type Err = UnknownCapability;

    fn from_str(name: &str) -> Result<Self, UnknownCapability> {
        let found = Self::ALL.iter().copied().find(|capability| capability.name() == name);
        found.ok_or_else(|| UnknownCapability(name.to_owned()))
    }
}

/// Whether a capability is there, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Presence {
    /// It answered.
    Present {
        /// Its version, as it says itself or as its image says.
        version: String,
        /// What was asked and answered.
        proof: String,
    },
    /// It is there and does not work: a fault of the platform, where absence is none.
    Broken {
        /// What was asked, and what came instead of an answer.
        proof: String,
    },
    /// It is not there.
    Absent {
        /// What was looked for and not found.
        proof: String,
    },
}

impl Presence {
    /// Whether it is there and works.
    #[must_use]
    pub fn is_present(&self) -> bool {
        matches!(self, Self::Present { .. })
    }

    /// The state in one word.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self {
            Self::Present { .. } => "present",
            Self::Broken { .. } => "broken",
            Self::Absent { .. } => "absent",
        }
    }

    /// What was asked and answered.
    #[must_use]
    pub fn proof(&self) -> &str {
        match self {
            Self::Present { proof, .. } | Self::Broken { proof } | Self::Absent { proof } => proof,
        }
    }

    /// Its version, when it is there.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        match self {
            Self::Present { version, .. } => Some(version),
            Self::Broken { .. } | Self::Absent { .. } => None,
        }
    }
}
