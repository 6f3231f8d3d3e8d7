//! What a trace should look like.

use super::{Checked, judge, listed};
use crate::component::traces::{Kind, Trace};

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

/// A call led from one service to the other.
pub fn called<'a>(from: &'a str, to: &'a str) -> impl Fn(&Trace) -> Checked + 'a {
    edge(from, to, Kind::Server, "call")
}

/// An event of one service was taken up by the other.
pub fn consumed<'a>(from: &'a str, to: &'a str) -> impl Fn(&Trace) -> Checked + 'a {
    edge(from, to, Kind::Consumer, "event")
}

fn edge<'a>(
    from: &'a str,
    to: &'a str,
    kind: Kind,
    what: &'a str,
) -> impl Fn(&Trace) -> Checked + 'a {
    move |trace| {
        let seen = format!("{} spans of {}", trace.spans.len(), listed(trace.services()));
        judge(trace.has_edge(from, to, kind), format!("{to} to take up a {what} of {from}"), seen)
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
    use crate::component::traces::Span;

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
    fn an_edge_has_a_direction() {
        assert!(called("order-service", "user-service")(&trace()).is_ok());
        assert!(called("user-service", "order-service")(&trace()).is_err());
        assert!(consumed("order-service", "user-service")(&trace()).is_err());
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
