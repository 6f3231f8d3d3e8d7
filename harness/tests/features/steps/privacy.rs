//! What lines, spans, metrics and events must not tell of a customer, and what the collector lets nobody tell.

use std::fmt::Write as _;

use conformance::check::privacy::{Private, named, tells_none_of};
use conformance::check::{http, judge, listed};
use conformance::component::collector::Collector;
use conformance::component::kafka::Kafka;
use conformance::component::loki::{LogLine, Loki};
use conformance::component::prometheus::Prometheus;
use conformance::component::traces::{Trace, TraceStore};
use conformance::services::{Call, Customer, Session};
use conformance::verdict::Outcome;
use cucumber::{then, when};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::asking::{await_answer, await_settled, client, expect, ids, send};
use super::{metric, payment};
use crate::world::World;

/// The span that the scenario itself sends, and its attributes.
const SENT: &str = "a span of the conformance run";
const ALLOWED: (&str, &str) = ("http.route", "/allowed");
const NOT_ALLOWED: (&str, &str) = ("customer.card_number", "4242424242424242");

/// The token of a card that nobody else has.
struct Card(String);

#[when("the customer pays the order with a card of their own")]
async fn pays(world: &mut World) -> Outcome {
    let card = format!("tok_{}", Uuid::new_v4().simple());
    payment::pay(world, |order, key| Call::pay(order, &card, key)).await?;
    world.remember(Card(card));
    Ok(())
}

/// A request that a service answers, so that every proxy on the way and the service itself have something to tell of it.
#[when("the customer asks for their orders with the token in the address, in vain")]
async fn asks_in_the_address(world: &mut World) -> Outcome {
    let token = world.recall::<Session>()?.token.clone();
    let answer = send(world, &Call::get("/api/orders").with_token_in_address(token)).await?;
    expect(world, "the token in the address", &answer, http::problem(401))
}

/// Everything the services were told in confidence.
fn private(world: &World) -> Outcome<Vec<Private>> {
    let (customer, session) = (world.recall::<Customer>()?, world.recall::<Session>()?);
    // The claims: they are in every token of this session, however it is signed.
    let claims = session.token.expose_secret().split('.').nth(1).unwrap_or_default();
    Ok(vec![
        Private::new("address", &*customer.email),
        Private::new("name", &*customer.name),
        Private::new("password", customer.password.expose_secret()),
        Private::new("token", claims),
        Private::new("card", &*world.recall::<Card>()?.0),
    ])
}

#[then("no line of anybody on the cluster tells what is the customer's alone")]
async fn no_line(world: &mut World) -> Outcome {
    let (loki, ids, private) = (client::<Loki>(world).await?, ids(world), private(world)?);
    let question = || async {
        // The same search finds what is there: else finding nothing would prove nothing.
        let witnesses = loki.fetch_anywhere(&ids.correlation_id(), ids.since()).await?;
        let mut found = Vec::new();
        for one in &private {
            for form in one.forms() {
                let lines = loki.fetch_anywhere(&form, ids.since()).await?;
                found.extend(lines.into_iter().map(|line| (one.what(), line)));
            }
        }
        anyhow::Ok((witnesses, found))
    };
    let nothing = |(witnesses, found): &(Vec<LogLine>, Vec<(&str, LogLine)>)| {
        let told: Vec<_> =
            found.iter().map(|(what, line)| format!("{what} in {}", of(line))).collect();
        judge(
            !witnesses.is_empty() && found.is_empty(),
            format!("lines of the scenario, none with {}", named(&private)),
            format!("{} lines; {}", witnesses.len(), listed(told.iter().map(String::as_str))),
        )
    };
    let within = world.suite().timeouts().log;
    await_settled(world, "lines that tell nothing", within, question, nothing).await.map(drop)
}

/// Whose line it is.
fn of(line: &LogLine) -> String {
    ["namespace", "k8s_pod_name", "k8s_container_name"].map(|name| line.label(name)).join("/")
}

#[then("no span of the trace tells what is the customer's alone")]
async fn no_span(world: &mut World) -> Outcome {
    let (store, private) = (client::<TraceStore>(world).await?, private(world)?);
    let (trace, within) = (ids(world).trace_id().to_owned(), world.suite().timeouts().trace);
    let question = || async {
        let found = store.find_trace(&trace).await?.unwrap_or_default();
        anyhow::Ok(format!("{found:?}"))
    };
    let nothing = tells_none_of(&private, &world.recall::<Session>()?.user_id);
    await_settled(world, "spans that tell nothing", within, question, nothing).await.map(drop)
}

#[then("no label of a metric tells what is the customer's alone")]
async fn no_label(world: &mut World) -> Outcome {
    metric::await_scrape(world, metric::ALL_SERVICES).await?;
    let samples = client::<Prometheus>(world).await?.fetch_samples(r#"{namespace=~".+"}"#).await?;
    let labels = samples.iter().fold(String::new(), |mut text, sample| {
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "{:?}", sample.labels);
        text
    });
    expect(world, "labels", &labels, tells_none_of(&private(world)?, "payments_total"))
}

#[then("no header of an event tells what is the customer's alone")]
async fn no_header(world: &mut World) -> Outcome {
    let (kafka, ids, private) = (client::<Kafka>(world).await?, ids(world), private(world)?);
    let (correlation, within) = (ids.correlation_id(), world.suite().timeouts().event);
    let question = || async {
        let events = kafka.fetch_events(&correlation, ids.since()).await?.events;
        let headers = events.iter().map(|event| format!("{:?} {:?}\n", event.key, event.headers));
        anyhow::Ok(headers.collect::<String>())
    };
    let nothing = tells_none_of(&private, "PaymentProcessedEvent");
    await_settled(world, "headers that tell nothing", within, question, nothing).await.map(drop)
}

#[when("a span with an attribute that no service should write is sent to the collector")]
async fn sends(world: &mut World) -> Outcome {
    let collector = client::<Collector>(world).await?;
    Ok(collector.send_span(ids(world).trace_id(), SENT, &[ALLOWED, NOT_ALLOWED]).await?)
}

#[then("the trace store has the span without it")]
async fn is_cut(world: &mut World) -> Outcome {
    let (store, trace) = (client::<TraceStore>(world).await?, ids(world).trace_id().to_owned());
    let question = || async { anyhow::Ok(store.find_trace(&trace).await?.unwrap_or_default()) };
    let cut = |trace: &Trace| {
        let span = trace.named(SENT).next();
        let has = |key: &str| span.is_some_and(|span| span.attributes.contains_key(key));
        judge(
            has(ALLOWED.0) && !has(NOT_ALLOWED.0),
            format!("a span with {} and without {}", ALLOWED.0, NOT_ALLOWED.0),
            span.map_or_else(
                || "no span".to_owned(),
                |span| format!("attributes {}", listed(span.attributes.keys().map(String::as_str))),
            ),
        )
    };
    let within = world.suite().timeouts().trace;
    await_answer(world, "the span that was sent", within, question, cut).await.map(drop)
}
