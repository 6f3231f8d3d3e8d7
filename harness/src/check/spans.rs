//! What a trace should look like.

use std::collections::BTreeSet;

use super::{Checked, judge, listed};
use crate::component::traces::Trace;
use crate::contracts::Edge;

/// Each of these services wrote spans itself. Others may have too: the outside world is part of some traces.
pub fn spans_of<'a>(expected: &'a [&'a str]) -> impl Fn(&Trace) -> Checked + 'a {
    move |trace| {
        let seen = trace.services();
        let silent: Vec<&str> =
            expected.iter().copied().filter(|service| !seen.contains(service)).collect();
        let told = format!("{} spans of {}, none of {silent:?}", trace.spans.len(), listed(seen));
        judge(silent.is_empty(), format!("spans of {}", expected.join(", ")), told)
    }
}

/// The trace follows every one of these edges.
pub fn follows(edges: &BTreeSet<Edge>) -> impl Fn(&Trace) -> Checked + '_ {
    move |trace| {
        let missing: Vec<String> = edges
            .iter()
            .filter(|edge| !trace.has_edge(edge))
            .map(|edge| format!("no {edge}"))
            .collect();
        let found = edges.len() - missing.len();
        let seen = [format!(
            "{found} edges in {} spans of {}",
            trace.spans.len(),
            listed(trace.services())
        )];
        judge(
            missing.is_empty() && found > 0,
            format!("{} edges", edges.len()),
            seen.into_iter().chain(missing).collect::<Vec<_>>().join(", "),
        )
    }
}

/// Every span hangs below another one or below the caller's own span: no hop lost the context.
pub fn connected(root: &str) -> impl Fn(&Trace) -> Checked + '_ {
    move |trace| {
        let orphans = trace.orphans(root);
        let seen = orphans.first().map_or_else(
            || format!("{} spans, all connected", trace.spans.len()),
            |span| {
                format!(
                    "{} of {} spans without their parent, first {} of {}",
                    orphans.len(),
                    trace.spans.len(),
                    span.name,
                    span.service
                )
            },
        );
        judge(
            orphans.is_empty() && !trace.spans.is_empty(),
            "every span below another one or the request itself",
            seen,
        )
    }
}

/// The business span is there, written by this service, with every attribute filled.
pub fn business_span<'a>(
    name: &'a str,
    service: &'a str,
    attributes: &'a [String],
) -> impl Fn(&Trace) -> Checked + 'a {
    move |trace| {
        let expected = format!("span {name} of {service} with {}", attributes.join(", "));
        let Some(span) = trace.named(name).find(|span| span.service == service) else {
            return judge(
                false,
                expected,
                format!("spans {}", listed(trace.spans.iter().map(|span| span.name.as_str()))),
            );
        };
        let missing: Vec<&String> = attributes
            .iter()
            .filter(|key| span.attributes.get(*key).is_none_or(String::is_empty))
            .collect();
        judge(
            missing.is_empty(),
            expected,
            format!("span {name} of {} without {missing:?}: {:?}", span.service, span.attributes),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::traces::{Kind, Span};

    fn trace() -> Trace {
        let span = |service: &str, name: &str, id: &str, parent: &str| Span {
            service: service.to_owned(),
            by_proxy: false,
            name: name.to_owned(),
            kind: Kind::Server,
            id: id.to_owned(),
            parent: parent.to_owned(),
            links: Vec::new(),
            attributes: [("order_id".to_owned(), "o-1".to_owned())].into(),
            start: 0,
        };
        Trace {
            spans: vec![
                span("order-service", "order-processing", "a", "root"),
                span("user-service", "GET /api/users/{id}", "b", "a"),
            ],
        }
    }

    #[test]
    fn a_missing_service_is_a_mismatch() {
        assert!(spans_of(&["user-service", "order-service"])(&trace()).is_ok());
        assert!(
            spans_of(&["user-service", "order-service", "payment-service"])(&trace())
                .unwrap_err()
                .to_string()
                .contains(r#"none of ["payment-service"]"#)
        );
    }

    #[test]
    fn an_edge_that_the_trace_does_not_follow_is_named() {
        let edge = |from, to, way| Edge::parse(from, to, way).unwrap();
        let there = edge("order-service", "user-service", "HTTP");
        assert!(follows(&[there.clone()].into())(&trace()).is_ok());
        for missing in [
            edge("user-service", "order-service", "HTTP"),
            edge("order-service", "user-service", "Kafka"),
        ] {
            let edges = [there.clone(), missing.clone()].into();
            let mismatch = follows(&edges)(&trace()).unwrap_err().to_string();
            assert!(mismatch.ends_with(&format!("user-service, no {missing}")), "{mismatch}");
        }
        assert!(follows(&BTreeSet::new())(&trace()).is_err());
    }

    #[test]
    fn a_lost_parent_is_named() {
        assert!(connected("root")(&trace()).is_ok());
        assert!(
            connected("elsewhere")(&trace()).unwrap_err().to_string().contains("order-processing")
        );
        assert!(connected("root")(&Trace::default()).is_err());
    }

    #[test]
    fn an_attribute_that_is_not_filled_is_named() {
        let (order, amount) =
            (["order_id".to_owned()], ["order_id".to_owned(), "total_amount".to_owned()]);
        assert!(business_span("order-processing", "order-service", &order)(&trace()).is_ok());
        assert!(
            business_span("order-processing", "order-service", &amount)(&trace())
                .unwrap_err()
                .to_string()
                .contains("total_amount")
        );
        assert!(business_span("payment-processing", "payment-service", &order)(&trace()).is_err());
    }
}
