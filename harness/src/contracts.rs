//! What the services promise, as the harness shares it with them: the telemetry registry.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

const REGISTRY: &str = include_str!("../../reference-services/contracts/telemetry/registry.yaml");

/// The parts of the registry that scenarios are checked against.
#[derive(Debug, Deserialize)]
pub struct Registry {
    /// Spans that tell of business.
    pub business_spans: Vec<BusinessSpan>,
    /// Headers by their place.
    pub headers: Headers,
    http_edges: Vec<HttpEdge>,
    event_edges: Vec<EventEdge>,
}

#[derive(Debug, Deserialize)]
struct HttpEdge {
    from: String,
    to: String,
}

#[derive(Debug, Deserialize)]
struct EventEdge {
    producer: String,
    consumers: Vec<String>,
}

/// How one service reaches another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// It calls it.
    Http,
    /// It publishes what the other takes up.
    Kafka,
}

/// One service reaches another in one way, whatever the route or the topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Who reaches out; the ingress gateway does too.
    pub from: String,
    /// Who is reached.
    pub to: String,
    /// How.
    pub way: Way,
}

impl Edge {
    /// An edge as a table of a feature names it: `HTTP` or `Kafka`.
    pub fn parse(from: &str, to: &str, way: &str) -> Result<Self> {
        let way = match way {
            "HTTP" => Way::Http,
            "Kafka" => Way::Kafka,
            other => bail!("{other} is neither HTTP nor Kafka"),
        };
        Ok(Self { from: from.to_owned(), to: to.to_owned(), way })
    }
}

impl fmt::Display for Edge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.way {
            Way::Http => write!(formatter, "call of {} to {}", self.from, self.to),
            Way::Kafka => write!(formatter, "event of {} to {}", self.from, self.to),
        }
    }
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

    /// Every edge between two that the registry names.
    #[must_use]
    pub fn edges(&self) -> BTreeSet<Edge> {
        let calls = self.http_edges.iter().map(|edge| (&edge.from, &edge.to, Way::Http));
        let events = self.event_edges.iter().flat_map(|edge| {
            edge.consumers.iter().map(|consumer| (&edge.producer, consumer, Way::Kafka))
        });
        let edge = |(from, to, way): (&String, &String, Way)| Edge {
            from: from.clone(),
            to: to.clone(),
            way,
        };
        calls.chain(events).map(edge).collect()
    }

    /// Every edge but these. One that the registry does not name excludes nothing, which is an error.
    pub fn edges_but(&self, excluded: &[Edge]) -> Result<BTreeSet<Edge>> {
        let mut edges = self.edges();
        for edge in excluded {
            ensure!(
                edges.remove(edge),
                "the telemetry registry has no {edge}, or it is excluded twice"
            );
        }
        Ok(edges)
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

    #[test]
    fn an_edge_is_named_once_whatever_its_routes() {
        let edges = Registry::read().unwrap().edges();
        let call = Edge::parse("order-service", "product-service", "HTTP").unwrap();
        assert_eq!(edges.iter().filter(|edge| **edge == call).count(), 1);
        assert!(edges.contains(&Edge::parse("order-service", "product-service", "Kafka").unwrap()));
    }

    #[test]
    fn an_exclusion_of_what_is_no_edge_is_refused() {
        let registry = Registry::read().unwrap();
        let known = Edge::parse("user-service", "notification-service", "Kafka").unwrap();
        assert!(!registry.edges_but(std::slice::from_ref(&known)).unwrap().contains(&known));
        let unknown = Edge::parse("user-service", "payment-service", "Kafka").unwrap();
        let error = registry.edges_but(&[unknown]).unwrap_err().to_string();
        assert!(error.contains("no event of user-service to payment-service"), "{error}");
        assert!(Edge::parse("a", "b", "carrier pigeon").is_err());
    }
}
