//! Events: published on their topic, with the context of the request that caused them.

use conformance::check::events::{carries_context, of_types};
use conformance::check::{each, judge};
use conformance::component::kafka::{EventsAnswer, Kafka};
use conformance::services::Order;
use conformance::verdict::Outcome;
use cucumber::then;

use super::asking::{await_answer, client, expect, ids};
use super::list::Names;
use crate::world::World;

#[then(expr = "the event {string} is published on {string}")]
async fn published_on(world: &mut World, kind: String, topic: String) -> Outcome {
    let answer = await_types(world, &[kind.as_str()]).await?;
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
    expect(world, "the event's topic", &answer, on_topic)
}

#[then(expr = "the events {names} are published")]
async fn published(world: &mut World, kinds: Names) -> Outcome {
    await_types(world, &kinds.all()).await.map(drop)
}

#[then("every event of the scenario carries its trace and its correlation id")]
async fn carry_context(world: &mut World) -> Outcome {
    let answer = await_types(world, &["OrderCreatedEvent"]).await?;
    let trace = ids(world).trace_id().to_owned();
    expect(
        world,
        "the context of every event",
        answer.events.as_slice(),
        each(carries_context(&trace)),
    )
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
