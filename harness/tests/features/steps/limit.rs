//! A client that asks more than the gateway allows.

use conformance::check::limit::{limited, logged_as_own, passes};
use conformance::component::gateway::Gateway;
use conformance::component::istio::AccessLogEntry;
use conformance::component::loki::Loki;
use conformance::component::probes::Attempt;
use conformance::services::Ids;
use conformance::verdict::Outcome;
use cucumber::{then, when};

use super::asking::{await_answer, client, expect};
use super::gateway::fetch_log;
use crate::world::World;

/// What the flood met, and the ids of its requests.
struct Flood(Vec<Attempt>, Ids);

#[when(expr = "another client floods the gateway with {int} requests")]
async fn floods(world: &mut World, count: u32) -> Outcome {
    let (gateway, ids) = (client::<Gateway>(world).await?, Ids::unrelated());
    let question = format!("{count} requests through the gateway from {}", gateway.client());
    let told = |attempts: &Vec<Attempt>| format!("{} answers", attempts.len());
    let asked = gateway.flood(count, &ids);
    let attempts = world.journal().asked("probe", question, asked, told).await?;
    world.remember(Flood(attempts, ids));
    Ok(())
}

#[then("a part of them passes, and the others are told with 429 when to come again")]
fn is_limited(world: &mut World) -> Outcome {
    expect(world, "the flood", world.recall::<Flood>()?.0.as_slice(), limited)
}

#[then("the gateway logged these refusals as its own limit")]
async fn is_logged(world: &mut World) -> Outcome {
    let (loki, ids) = (client::<Loki>(world).await?, world.recall::<Flood>()?.1.clone());
    let entries = || fetch_log(&loki, &ids);
    let judged = |entries: &Vec<AccessLogEntry>| logged_as_own(entries);
    let what = format!("the gateway's access log for {}", ids.correlation_id());
    await_answer(world, &what, world.suite().timeouts().log, entries, judged).await.map(drop)
}

#[then("the other client is let in again")]
async fn is_let_in(world: &mut World) -> Outcome {
    let (gateway, ids) = (client::<Gateway>(world).await?, Ids::unrelated());
    let question = || gateway.knock(&ids);
    let within = world.suite().timeouts().request;
    let what = format!("the gateway to {}", gateway.client());
    await_answer(world, &what, within, question, passes).await.map(drop)
}
