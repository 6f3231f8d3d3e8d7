//! What the services promise, as the harness shares it with them: the telemetry registry.

use anyhow::{Context, Result};
use serde::Deserialize;

const REGISTRY: &str = include_str!("../../reference-services/contracts/telemetry/registry.yaml");

/// The parts of the registry that scenarios are checked against.
#[derive(Debug, Deserialize)]
pub struct Registry {
    /// Spans that tell of business.
    pub business_spans: Vec<BusinessSpan>,
    /// Headers by their place.
    pub headers: Headers,
}

/// One span that tells of business.
#[derive(Debug, Deserialize)]
pub struct BusinessSpan {
    /// Its name.
    pub name: String,
    /// Who writes it.
    pub service: String,
    /// What it says.
    pub attributes: Vec<String>,
}

/// Headers by their place.
#[derive(Debug, Deserialize)]
pub struct Headers {
    /// Of every answer.
    pub response: Vec<String>,
}

impl Registry {
    /// The registry this harness was built with.
    pub fn read() -> Result<Self> {
        serde_yaml_ng::from_str(REGISTRY).context("the telemetry registry has another shape")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_names_four_business_spans() {
        let names: Vec<String> =
            Registry::read().unwrap().business_spans.into_iter().map(|span| span.name).collect();
        assert_eq!(
            names,
            [
                "user-authentication",
                "order-processing",
                "payment-processing",
                "notification-delivery"
            ]
        );
    }
}
