//! Events: published on their topic, with the context of the request that caused them.

use conformance::check::events::{carries_context, of_types};
use conformance::check::{Matcher, both, each, judge};
use conformance::component::kafka::{EventsAnswer, Kafka};
use conformance::services::Order;
use conformance::verdict::Outcome;
use cucumber::then;

use super::asking::{await_answer, await_settled, client, expect, ids};
use super::list::Names;
use crate::world::World;

#[then(expr = "the event {string} is published on {string}")]
async fn published_on(world: &mut World, kind: String, topic: String) -> Outcome {
    let on_topic = |answer: &EventsAnswer| {
        let topics: Vec<&str> = answer
            .events
            .iter()
            .filter(|event| event.kind() == Some(&kind))
            .map(|event| event.topic.as_str())
            .collect();
        judge(
            topics == [topic.as_str()],
            format!("one {kind} on {topic}"),
            format!("{kind} on {topics:?}"),
        )
    };
    await_all(world, &format!("one {kind}"), on_topic).await
}

#[then(expr = "the events {names} are published")]
async fn published(world: &mut World, kinds: Names) -> Outcome {
    await_types(world, &kinds.all()).await.map(drop)
}

#[then(
    expr = "the events {names} are published, and they and all others of the scenario carry its trace and its correlation id"
)]
async fn carry_context(world: &mut World, kinds: Names) -> Outcome {
    let (kinds, trace) = (kinds.all(), ids(world).trace_id().to_owned());
    let carried = |answer: &EventsAnswer| each(carries_context(&trace))(&answer.events);
    await_all(world, "the context of every event", both(of_types(&kinds), carried)).await
}

#[then(expr = "the event {string} names the order and the trace")]
async fn names_the_order(world: &mut World, kind: String) -> Outcome {
    let (order, trace) = (world.recall::<Order>()?.id.clone(), ids(world).trace_id().to_owned());
    let answer = await_types(world, &[kind.as_str()]).await?;
    let joined = |answer: &EventsAnswer| {
        let event = answer
            .events
            .iter()
            .find(|event| event.kind() == Some(&kind) && event.key.as_deref() == Some(&order));
        let traced = event.is_some_and(|event| {
            event.headers.get("traceparent").is_some_and(|header| header.contains(&trace))
        });
        judge(
            traced,
            format!("{kind} of order {order} in trace {trace}"),
            format!("{:?}", answer.events),
        )
    };
    expect(world, "the event of the order", &answer, joined)
}

/// The scenario's events once these types are among them.
async fn await_types(world: &mut World, kinds: &[&str]) -> Outcome<EventsAnswer> {
    let (kafka, ids, within) =
        (client::<Kafka>(world).await?, ids(world), world.suite().timeouts().event);
    let correlation = ids.correlation_id();
    let what = format!("events {} of {correlation}", kinds.join(", "));
    await_answer(
        world,
        &what,
        within,
        || kafka.fetch_events(&correlation, ids.since()),
        of_types(kinds),
    )
    .await
}

/// Waits until something holds of all events of the scenario, and stays so while others may still come.
async fn await_all(world: &mut World, what: &str, matcher: impl Matcher<EventsAnswer>) -> Outcome {
    let (kafka, ids, within) =
        (client::<Kafka>(world).await?, ids(world), world.suite().timeouts().event);
    let correlation = ids.correlation_id();
    let what = format!("{what} of {correlation}");
    let events = || kafka.fetch_events(&correlation, ids.since());
    await_settled(world, &what, within, events, matcher).await.map(drop)
}
