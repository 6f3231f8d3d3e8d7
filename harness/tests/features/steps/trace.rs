//! Traces: one per purchase, whole, with the spans that tell of business.

use anyhow::anyhow;
use conformance::check::spans::{business_span, connected, follows, spans_of};
use conformance::check::{Checked, http, judge, listed};
use conformance::component::traces::{Trace, TraceStore};
use conformance::contracts::{Edge, Registry};
use conformance::services::{Answer, Order};
use conformance::verdict::Outcome;
use cucumber::gherkin::Step;
use cucumber::then;

use super::asking::{await_answer, await_settled, client, expect, ids};
use super::list::Names;
use super::table;
use crate::world::World;

#[then(expr = "one trace has spans of {names}")]
async fn spans_services(world: &mut World, services: Names) -> Outcome {
    await_trace(world, spans_of(&services.all())).await
}

/// Everything that the registry promises; what a purchase does not use is listed with its reason, and nothing else is left out.
#[then("the trace follows every edge of the telemetry registry but these")]
async fn follows_edges(world: &mut World, step: &Step) -> Outcome {
    let mut excluded = Vec::new();
    for [from, to, way, because] in table::rows(step)? {
        if because.is_empty() {
            return Err(anyhow!("no reason to leave out {from} to {to}").into());
        }
        excluded.push(Edge::parse(&from, &to, &way)?);
    }
    let edges = Registry::read()?.edges_but(&excluded)?;
    await_trace(world, follows(&edges)).await
}

#[then("no span of the trace has lost its parent")]
async fn is_connected(world: &mut World) -> Outcome {
    let root = ids(world).root_span().to_owned();
    let (store, id) = (client::<TraceStore>(world).await?, ids(world).trace_id().to_owned());
    let found = || async { anyhow::Ok(store.find_trace(&id).await?.unwrap_or_default()) };
    let within = world.suite().timeouts().trace;
    // A span that comes late may be the one that lost its parent.
    await_settled(world, &format!("trace {id}"), within, found, connected(&root)).await.map(drop)
}

#[then("the trace has every business span of the telemetry registry with its attributes")]
async fn has_business_spans(world: &mut World) -> Outcome {
    for span in Registry::read()?.business_spans {
        await_trace(world, business_span(&span.name, &span.service, &span.attributes)).await?;
    }
    Ok(())
}

#[then(expr = "the trace holds a span {string} with the order's id")]
async fn holds_the_order(world: &mut World, name: String) -> Outcome {
    let order = world.recall::<Order>()?.id.clone();
    let of_order = move |trace: &Trace| {
        let found = trace.named(&name).any(|span| span.attributes.get("order_id") == Some(&order));
        judge(
            found,
            format!("a span {name} with order_id {order}"),
            format!("{:?}", trace.named(&name).collect::<Vec<_>>()),
        )
    };
    await_trace(world, of_order).await
}

#[then(expr = "the trace holds a span {string} of {string}")]
async fn holds_a_span(world: &mut World, name: String, service: String) -> Outcome {
    let of_service = move |trace: &Trace| {
        let found = trace.named(&name).any(|span| span.service == service);
        let seen = listed(trace.spans.iter().map(|span| span.name.as_str()));
        judge(found, format!("a span {name} of {service}"), seen)
    };
    await_trace(world, of_service).await
}

#[then("the answer carries the correlation headers of the telemetry registry")]
fn carries_headers(world: &mut World) -> Outcome {
    let (names, ids) = (Registry::read()?.headers.response, ids(world));
    let (names, answer): (Vec<&str>, _) =
        (names.iter().map(String::as_str).collect(), world.recall::<Answer>()?);
    expect(world, "the answer's headers", answer, http::headers(&names))?;
    expect(world, "the answer's trace", answer, http::header("x-trace-id", ids.trace_id()))?;
    expect(
        world,
        "the answer's correlation id",
        answer,
        http::header("x-correlation-id", &ids.correlation_id()),
    )
}

async fn await_trace(world: &mut World, judged: impl Fn(&Trace) -> Checked) -> Outcome {
    let (store, id) = (client::<TraceStore>(world).await?, ids(world).trace_id().to_owned());
    let found = || async { anyhow::Ok(store.find_trace(&id).await?.unwrap_or_default()) };
    let within = world.suite().timeouts().trace;
    await_answer(world, &format!("trace {id}"), within, found, judged).await.map(drop)
}
