//! A trace as a tree of spans.

use std::collections::{BTreeMap, BTreeSet};

use crate::component::places::GATEWAY;
use crate::contracts::{Edge, Way};

/// All spans of one trace id that have arrived.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// The spans, in the order of their start.
    pub spans: Vec<Span>,
}

/// What a span was to the call it describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Inside one process.
    Internal,
    /// Answering a call.
    Server,
    /// Making a call.
    Client,
    /// Publishing a record.
    Producer,
    /// Handling a record.
    Consumer,
    /// Not said.
    Unspecified,
}

/// One span.
#[derive(Debug, Clone)]
pub struct Span {
    /// `service.name` of its process, a mesh proxy's without the namespace.
    pub service: String,
    /// Written by a mesh proxy, not by the service itself.
    pub by_proxy: bool,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// Its id, in hexadecimal.
    pub id: String,
    /// Its parent's id; empty for a root.
    pub parent: String,
    /// Span ids of this or other traces that it is linked to.
    pub links: Vec<String>,
    /// Attributes as text.
    pub attributes: BTreeMap<String, String>,
    /// Start in nanoseconds since 1970.
    pub start: u64,
}

impl Trace {
    /// Services that wrote at least one span themselves.
    #[must_use]
    pub fn services(&self) -> BTreeSet<&str> {
        self.spans.iter().filter(|span| !span.by_proxy).map(|span| span.service.as_str()).collect()
    }

    /// The span with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Span> {
        self.spans.iter().find(|span| span.id == id)
    }

    /// Spans of this name.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Span> {
        self.spans.iter().filter(move |span| span.name == name)
    }

    /// Spans whose parent is neither in the trace nor the caller's own span `root`: a hop lost the context.
    #[must_use]
    pub fn orphans(&self, root: &str) -> Vec<&Span> {
        self.spans
            .iter()
            .filter(|span| span.parent != root && self.find(&span.parent).is_none())
            .collect()
    }

    /// The span's ancestors, nearest first; a link stands for the parent where a span continues a trace by link.
    #[must_use]
    pub fn ancestors<'a>(&'a self, span: &'a Span) -> Vec<&'a Span> {
        let mut line: Vec<&Span> = Vec::new();
        let mut current = span;
        while let Some(parent) = self.parent(current) {
            if line.len() > self.spans.len() {
                break;
            }
            line.push(parent);
            current = parent;
        }
        line
    }

    fn parent(&self, span: &Span) -> Option<&Span> {
        self.find(&span.parent).or_else(|| span.links.iter().find_map(|link| self.find(link)))
    }

    /// Whether one took up what the other sent: a span of `to` directly below one of `from`, proxies in between aside. A gateway is
    /// nothing but a proxy, so it is never one in between.
    #[must_use]
    pub fn has_edge(&self, edge: &Edge) -> bool {
        let taken_up_as = match edge.way {
            Way::Http => Kind::Server,
            Way::Kafka => Kind::Consumer,
        };
        let counts = |span: &&Span| !span.by_proxy || span.service == GATEWAY;
        let entries = self
            .spans
            .iter()
            .filter(|span| !span.by_proxy && span.service == edge.to && span.kind == taken_up_as);
        entries.map(|span| self.ancestors(span)).any(|line| {
            line.into_iter().find(counts).is_some_and(|ancestor| ancestor.service == edge.from)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(service: &str, id: &str, parent: &str) -> Span {
        let (name, links, attributes) = (id.to_owned(), Vec::new(), BTreeMap::new());
        Span {
            service: service.to_owned(),
            by_proxy: false,
            name,
            kind: Kind::Server,
            id: id.to_owned(),
            parent: parent.to_owned(),
            links,
            attributes,
            start: 0,
        }
    }

    fn proxy(service: &str, id: &str, parent: &str) -> Span {
        Span { by_proxy: true, ..span(service, id, parent) }
    }

    fn edge(from: &str, to: &str, way: &str) -> Edge {
        Edge::parse(from, to, way).unwrap()
    }

    #[test]
    fn an_edge_looks_through_proxies() {
        let trace = Trace {
            spans: vec![
                span("order", "a", "root"),
                proxy("order", "b", "a"),
                proxy("user", "c", "b"),
                span("user", "d", "c"),
            ],
        };
        assert!(trace.has_edge(&edge("order", "user", "HTTP")));
        assert!(!trace.has_edge(&edge("user", "order", "HTTP")));
        assert!(trace.orphans("root").is_empty());
    }

    #[test]
    fn a_call_is_told_from_an_event() {
        let trace = Trace { spans: vec![span("order", "a", "root"), span("user", "b", "a")] };
        assert!(trace.has_edge(&edge("order", "user", "HTTP")));
        assert!(!trace.has_edge(&edge("order", "user", "Kafka")));
    }

    #[test]
    fn an_edge_does_not_look_through_a_third_service() {
        let trace = Trace {
            spans: vec![
                span("order", "a", "root"),
                span("payment", "b", "a"),
                span("user", "c", "b"),
            ],
        };
        assert!(!trace.has_edge(&edge("order", "user", "HTTP")));
    }

    #[test]
    fn the_gateway_is_who_sent_what_comes_from_outside() {
        let spans = vec![
            proxy(GATEWAY, "a", "root"),
            proxy("order", "b", "a"),
            span("order", "c", "b"),
            span("user", "d", "c"),
        ];
        let trace = Trace { spans };
        assert!(trace.has_edge(&edge(GATEWAY, "order", "HTTP")));
        assert!(!trace.has_edge(&edge(GATEWAY, "user", "HTTP")));
        let lost = Trace { spans: vec![proxy("order", "b", "a"), span("order", "c", "b")] };
        assert!(!lost.has_edge(&edge(GATEWAY, "order", "HTTP")));
    }

    #[test]
    fn a_span_whose_parent_is_missing_is_an_orphan() {
        let trace = Trace { spans: vec![span("order", "a", "root"), span("user", "b", "lost")] };
        assert_eq!(
            trace.orphans("root").iter().map(|span| span.id.as_str()).collect::<Vec<_>>(),
            ["b"]
        );
    }

    #[test]
    fn a_link_stands_for_the_parent() {
        let mut consumer = span("notification", "b", "");
        consumer.links = vec!["a".to_owned()];
        let trace = Trace { spans: vec![span("order", "a", "root"), consumer] };
        assert!(trace.has_edge(&edge("order", "notification", "HTTP")));
    }
}
