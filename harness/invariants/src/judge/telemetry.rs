//! I10: what was acknowledged can be followed: one trace with the spans of the services that took part, and a log line with its id.

use std::collections::HashSet;

use uuid::Uuid;

use super::Findings;
use super::facts::Facts;
use crate::journal::{Action, Operation, Outcome, Request};
use crate::observed::{Telemetry, Trace};

/// A service that takes part in an operation, and the span by which that is known; an empty name is any span.
type Part = (&'static str, &'static str);

/// Who takes part. A repetition that is answered from what was kept takes the first one only, so the others are asked of first
/// answers alone.
const fn parts(action: &Action) -> &'static [Part] {
    match action {
        Action::PlaceOrder { .. } => {
            &[("order-service", "order-processing"), ("product-service", "")]
        }
        Action::Pay { .. } => &[("payment-service", "payment-processing"), ("order-service", "")],
        Action::Cancel { .. } => &[("order-service", "")],
        Action::Refund { .. } => &[("payment-service", "")],
        Action::Register | Action::Login | Action::Logout => &[("user-service", "")],
        Action::Browse | Action::ReadOrder { .. } => &[],
    }
}

pub(super) fn judge(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    let Some(telemetry) = &facts.observed.telemetry else {
        findings.not_judged.push("nobody said where traces and logs are".to_owned());
        return findings;
    };
    let repetitions = repetitions(facts.operations);
    for operation in
        facts.ended(Outcome::Ok).filter(|operation| !parts(&operation.request.action).is_empty())
    {
        findings.examine();
        let is_repetition = repetitions.contains(&operation.id);
        match &operation.request.trace_id {
            Some(trace_id) => {
                followed(telemetry, operation, trace_id, is_repetition, &mut findings);
            }
            None => findings
                .not_judged
                .push(format!("operation {} was sent without a trace", operation.id)),
        }
    }
    findings
}

fn followed(
    telemetry: &Telemetry,
    operation: &Operation,
    id: &String,
    is_repetition: bool,
    findings: &mut Findings,
) {
    let name = operation.request.action.name();
    let none = Trace::default();
    let trace = telemetry.traces.get(id).unwrap_or(&none);
    let parts = parts(&operation.request.action);
    let asked = if is_repetition { parts.get(..1).unwrap_or_default() } else { parts };
    let missing: Vec<_> =
        asked.iter().filter(|part| !takes_part(trace, part, asked.len() < parts.len())).collect();
    if !missing.is_empty() {
        let expected = format!("the trace of {name} has spans of {asked:?}");
        let seen = format!("{} spans, none of {missing:?}", trace.spans.len());
        let culprit = "a hop that drops `traceparent`, a sampler, or the collector";
        findings.violation(&[&operation.id, id], expected, seen, culprit);
    }
    if telemetry.log_lines.get(id).copied().unwrap_or_default() == 0 {
        let expected = format!("a log line of {name} carries its trace id");
        let culprit = "the service's log layer, or the shipper";
        findings.violation(&[&operation.id, id], expected, "no line", culprit);
    }
}

fn takes_part(trace: &Trace, (service, span): &Part, any_span: bool) -> bool {
    trace
        .spans
        .iter()
        .any(|one| one.service == *service && (any_span || span.is_empty() || one.name == *span))
}

/// Attempts that came after another under the same key: their answers may come from what was kept.
fn repetitions(operations: &[Operation]) -> HashSet<Uuid> {
    let mut keys = HashSet::new();
    let repeated = operations.iter().filter(|operation| {
        let Request { user_id, action, .. } = &operation.request;
        action.idempotency_key().is_some_and(|key| !keys.insert((*user_id, action.name(), key)))
    });
    repeated.map(|operation| operation.id).collect()
}
