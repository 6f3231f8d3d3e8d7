//! Payments: made, declined, and as the provider itself remembers them.

use anyhow::Context;
use conformance::check::{http, judge};
use conformance::services::{Answer, Call, LedgerEntry, Order, Sandbox, Session};
use conformance::verdict::Outcome;
use cucumber::{then, when};
use uuid::Uuid;

use super::asking::{await_answer, client, expect, send};
use crate::world::World;

/// A card that is good.
const GOOD_CARD: &str = "tok_visa";
/// A card whose bank always says no.
const DECLINED_CARD: &str = "tok_declined";

/// What the payment answered.
struct Paying(Answer);

#[when("the customer pays the order by card")]
pub(crate) async fn pays(world: &mut World) -> Outcome {
    pay_with(world, GOOD_CARD).await
}

#[when("the customer pays the order with a card that the bank declines")]
async fn pays_in_vain(world: &mut World) -> Outcome {
    pay_with(world, DECLINED_CARD).await
}

async fn pay_with(world: &mut World, card: &str) -> Outcome {
    let order = world.recall::<Order>()?.clone();
    let call =
        Call::pay(&order, card, &Uuid::new_v4().to_string()).as_user(world.recall::<Session>()?);
    let answer = send(world, &call).await?;
    world.remember(Paying(answer));
    Ok(())
}

#[then("the payment is processed")]
fn is_processed(world: &mut World) -> Outcome {
    let answer = &world.recall::<Paying>()?.0;
    expect(world, "the payment", answer, http::status(201))?;
    let processed = |answer: &Answer| {
        judge(answer.json()["status"] == "processed", "a payment with status processed", answer)
    };
    expect(world, "the payment's status", answer, processed)
}

#[then(expr = "the payment is refused with status {int}")]
fn is_refused(world: &mut World, status: u16) -> Outcome {
    expect(world, "the refusal", &world.recall::<Paying>()?.0, http::problem(status))
}

#[then(expr = "{string} accepted {int} charge(s) for the order")]
async fn charged(world: &mut World, provider: String, count: usize) -> Outcome {
    let order = world.recall::<Order>().context("no order was placed")?.id.clone();
    let sandbox = client::<Sandbox>(world).await?;
    let accepted = move |entries: &Vec<LedgerEntry>| {
        let accepted = entries.iter().filter(|entry| entry.outcome == "accepted").count();
        judge(
            accepted == count && !entries.is_empty(),
            format!("{count} accepted among those asked"),
            format!("{accepted} of {} accepted", entries.len()),
        )
    };
    let (what, within) =
        (format!("{provider}'s ledger for the order"), world.suite().timeouts().ledger);
    await_answer(world, &what, within, || sandbox.fetch_received(&provider, &order), accepted)
        .await
        .map(drop)
}
