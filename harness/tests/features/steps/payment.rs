//! Payments: made, declined, and as the provider itself remembers them.

use anyhow::Context;
use conformance::check::{Checked, both, http, judge};
use conformance::services::{Answer, Call, EcoTrack, LedgerEntry, Order, Sandbox, Session};
use conformance::verdict::Outcome;
use cucumber::{given, then, when};
use uuid::Uuid;

use super::asking::{await_answer, await_settled, client, expect, ids, send};
use super::order;
use crate::world::World;

/// A card that is good.
const GOOD_CARD: &str = "tok_visa";
/// A card whose bank always says no.
const DECLINED_CARD: &str = "tok_declined";

/// What the payment answered.
struct Paying(Answer);

#[when("the customer pays the order by card")]
pub(crate) async fn pays(world: &mut World) -> Outcome {
    pay(world, |order, key| Call::pay(order, GOOD_CARD, key)).await
}

#[when("the customer pays the order with a card that the bank declines")]
async fn pays_in_vain(world: &mut World) -> Outcome {
    pay(world, |order, key| Call::pay(order, DECLINED_CARD, key)).await
}

#[when("the customer pays the order from a wallet")]
async fn pays_from_a_wallet(world: &mut World) -> Outcome {
    pay(world, Call::pay_by_wallet).await
}

#[given("a logged-in customer who paid one order from a wallet and placed another")]
async fn paid_from_a_wallet(world: &mut World) -> Outcome {
    order::placed(world).await?;
    pays_from_a_wallet(world).await?;
    is_processed(world)?;
    order::orders(world, 1).await
}

#[given("a logged-in customer with a paid order")]
async fn paid(world: &mut World) -> Outcome {
    order::placed(world).await?;
    pays(world).await?;
    is_processed(world)
}

pub(crate) async fn pay(world: &mut World, call: impl FnOnce(&Order, &str) -> Call) -> Outcome {
    let order = world.recall::<Order>()?.clone();
    let call = call(&order, &Uuid::new_v4().to_string()).as_user(world.recall::<Session>()?);
    let answer = send(world, &call).await?;
    world.remember(Paying(answer));
    Ok(())
}

/// The id of the payment.
pub(super) fn payment_of(world: &World) -> anyhow::Result<String> {
    world.recall::<Paying>()?.0.field("payment_id")
}

/// The provider's own id of the charge.
pub(super) fn charge_of(world: &World) -> anyhow::Result<String> {
    world.recall::<Paying>()?.0.field("provider_reference")
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
    await_settled(world, &what, within, || sandbox.fetch_received(&provider, &order), accepted)
        .await
        .map(drop)
}

#[then(expr = "the payment is still {string}")]
async fn is_still(world: &mut World, status: String) -> Outcome {
    let call = look(world)?;
    let answer = send(world, &call).await?;
    expect(world, "the payment", &answer, stands(&status, None))
}

#[then(expr = "the payment becomes {string}")]
async fn becomes(world: &mut World, status: String) -> Outcome {
    await_state(world, stands(&status, None)).await
}

#[then(expr = "the payment becomes {string} with {word} paid back")]
async fn becomes_with(world: &mut World, status: String, refunded: String) -> Outcome {
    await_state(world, stands(&status, Some(&refunded))).await
}

#[then("the customer gets the money back")]
async fn gets_back(world: &mut World) -> Outcome {
    let call = Call::refund(&payment_of(world)?, &Uuid::new_v4().to_string())
        .as_user(world.recall::<Session>()?);
    let answer = send(world, &call).await?;
    expect(world, "the refund", &answer, both(http::status(200), stands("refunded", None)))
}

async fn await_state(world: &mut World, stands: impl Fn(&Answer) -> Checked) -> Outcome {
    let (call, ids) = (look(world)?, ids(world));
    let ecotrack = client::<EcoTrack>(world).await?;
    let within = world.suite().timeouts().journey;
    await_answer(world, "the payment", within, || ecotrack.send(&call, &ids), stands)
        .await
        .map(drop)
}

fn look(world: &World) -> anyhow::Result<Call> {
    let path = format!("/api/payments/{}", payment_of(world)?);
    Ok(Call::get(path).as_user(world.recall::<Session>()?))
}

/// The payment has this status and, where it matters, so much of it has gone back.
fn stands<'a>(status: &'a str, refunded: Option<&'a str>) -> impl Fn(&Answer) -> Checked + 'a {
    move |answer| {
        let payment = answer.json();
        let is_back = refunded.is_none_or(|refunded| payment["refunded_amount"] == refunded);
        let expected = format!("a payment {status}, paid back {}", refunded.unwrap_or("or not"));
        judge(payment["status"] == status && is_back, expected, answer)
    }
}
