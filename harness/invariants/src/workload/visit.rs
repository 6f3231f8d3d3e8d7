//! One visit: browse, order, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use uuid::Uuid;

use super::customer::Customer;
use super::shop::{Asker, Shop, read};
use crate::journal::{Answer, Item, Outcome};
use crate::patience::Patience;

/// How long a request is repeated whose outcome nobody knows.
const ASK_AGAIN_WITHIN: Duration = Duration::from_secs(30);
/// What a provider takes, and what it declines.
const GOOD_TOKEN: &str = "tok_visa";
const DECLINED_TOKEN: &str = "tok_declined";
/// Most pieces of one product, and most products, in an order.
const MOST_PIECES: u32 = 3;
const MOST_PRODUCTS: usize = 3;

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is paid.
    Paid,
    /// It is paid, and the money goes back.
    Refunded,
    /// Its payment is declined.
    Declined,
    /// It is given up.
    Cancelled,
    /// It is asked for twice under one key, and paid.
    AskedTwice,
}

/// How often each fate is met, of 100.
const FATES: [(Fate, u32); 5] = [
    (Fate::Paid, 55),
    (Fate::Refunded, 10),
    (Fate::Declined, 10),
    (Fate::Cancelled, 15),
    (Fate::AskedTwice, 10),
];

/// How it is paid for, and how often, of 100: each has a provider of its own.
const METHODS: [(&str, u32); 2] = [("credit_card", 65), ("paypal", 35)];

/// What a visit will be: all of it follows from seed and number.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Plan {
    fate: Fate,
    method: &'static str,
    quantities: Vec<u32>,
    key: String,
}

impl Plan {
    fn of(seed: u64, number: u64) -> (Self, StdRng) {
        let mut random = random(seed, number);
        let fate = choose(&FATES, &mut random).unwrap_or(Fate::Paid);
        let quantities = (0..random.random_range(1..=MOST_PRODUCTS))
            .map(|_| random.random_range(1..=MOST_PIECES))
            .collect();
        let key = format!("{:016x}", random.random::<u64>());
        let method = choose(&METHODS, &mut random).unwrap_or_default();
        (Self { fate, method, quantities, key }, random)
    }

    fn token(&self) -> &'static str {
        if self.fate == Fate::Declined { DECLINED_TOKEN } else { GOOD_TOKEN }
    }
}

/// One of them, each as often as its weight says.
fn choose<T: Copy>(weighted: &[(T, u32)], random: &mut StdRng) -> Option<T> {
    weighted.choose_weighted(random, |(_, weight)| *weight).ok().map(|(chosen, _)| *chosen)
}

fn random(seed: u64, number: u64) -> StdRng {
    // Two numbers become one seed; neighbours share nothing.
    StdRng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number)
}

/// Whose visit it is.
pub(super) fn choose_customer(
    seed: u64,
    number: u64,
    customers: &[Arc<Customer>],
) -> Arc<Customer> {
    let place = random(!seed, number).random_range(0..customers.len());
    Arc::clone(&customers[place])
}

/// Makes a visit. False if it ended early, because there was nothing to order or no answer to anything.
pub(super) async fn visit(
    shop: &Shop,
    customer: &Customer,
    seed: u64,
    number: u64,
) -> anyhow::Result<bool> {
    let (plan, mut random) = Plan::of(seed, number);
    let asker = customer.asker(shop, number).await?;
    let Some(items) = choose_items(shop, &asker, &plan, &mut random).await? else {
        return Ok(false);
    };
    let key = format!("order-{}", plan.key);
    if plan.fate == Fate::AskedTwice {
        shop.place(&asker, &key, &items, plan.method).await?;
    }
    let answer = insist(|| shop.place(&asker, &key, &items, plan.method)).await?;
    if answer.outcome != Outcome::Ok {
        // Sold out, too many open orders: an answer like any other. Unknown to the end is not.
        return Ok(answer.outcome == Outcome::Fail);
    }
    befall(shop, &asker, &plan, &read(&answer)).await
}

async fn befall(shop: &Shop, asker: &Asker, plan: &Plan, order: &Value) -> anyhow::Result<bool> {
    let Some(order_id) = id(order, "order_id") else { return Ok(false) };
    let key = format!("pay-{}", plan.key);
    shop.look(asker, order_id).await?;
    let answer = match plan.fate {
        Fate::Cancelled => insist(|| shop.cancel(asker, order_id)).await?,
        Fate::Declined | Fate::Paid | Fate::AskedTwice | Fate::Refunded => {
            insist(|| shop.pay(asker, &key, order, plan.method, plan.token())).await?
        }
    };
    shop.look(asker, order_id).await?;
    let payment = read(&answer);
    if plan.fate == Fate::Refunded
        && payment["status"] == "processed"
        && let Some(payment_id) = id(&payment, "payment_id")
    {
        let key = format!("refund-{}", plan.key);
        insist(|| shop.refund(asker, &key, payment_id)).await?;
        shop.look(asker, order_id).await?;
    }
    Ok(answer.outcome != Outcome::Unknown)
}

/// Some products of the first page, in an order that follows from the seed.
async fn choose_items(
    shop: &Shop,
    asker: &Asker,
    plan: &Plan,
    random: &mut StdRng,
) -> anyhow::Result<Option<Vec<Item>>> {
    let page = insist(|| shop.products(asker)).await?;
    let mut products: Vec<Uuid> = read(&page)["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| id(item, "product_id"))
        .collect();
    products.shuffle(random);
    let items: Vec<Item> = products
        .into_iter()
        .zip(&plan.quantities)
        .map(|(product_id, quantity)| Item { product_id, quantity: *quantity })
        .collect();
    Ok((!items.is_empty()).then_some(items))
}

/// Asks until the outcome is known, or until time is up. A key that is being worked on is asked for again, too.
async fn insist<F>(ask: impl Fn() -> F) -> anyhow::Result<Answer>
where
    F: Future<Output = anyhow::Result<Answer>>,
{
    let mut patience = Patience::new(ASK_AGAIN_WITHIN);
    loop {
        let answer = ask().await?;
        let is_known = answer.outcome == Outcome::Ok
            || (answer.outcome == Outcome::Fail && !is_passing(&answer));
        if is_known || !patience.pause().await {
            return Ok(answer);
        }
    }
}

/// A refusal that says "not now": nobody there, too many requests, or the same request is being worked on.
fn is_passing(answer: &Answer) -> bool {
    let is_running = || {
        read(answer)["type"].as_str().is_some_and(|kind| kind.ends_with("idempotency-key-running"))
    };
    answer.status.is_none()
        || answer.status == Some(429)
        || (answer.status == Some(409) && is_running())
}

fn id(document: &Value, field: &str) -> Option<Uuid> {
    document[field].as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans(seed: u64) -> Vec<Plan> {
        (0..500).map(|number| Plan::of(seed, number).0).collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_visits_and_another_one_others() {
        assert_eq!(plans(7), plans(7));
        assert_ne!(plans(7), plans(8));
    }

    #[test]
    fn every_fate_and_method_is_met_and_no_key_is_used_twice() {
        let plans = plans(7);
        for (fate, _) in FATES {
            assert!(plans.iter().any(|plan| plan.fate == fate), "{fate:?}");
        }
        for (method, _) in METHODS {
            assert!(plans.iter().any(|plan| plan.method == method), "{method}");
        }
        let keys: std::collections::HashSet<_> = plans.iter().map(|plan| &plan.key).collect();
        assert_eq!(keys.len(), plans.len());
    }

    #[test]
    fn not_now_is_asked_again_and_no_is_not() {
        let running =
            "{\"type\":\"https://api.ecotrack.platform.dev/problems/idempotency-key-running\"}";
        assert!(is_passing(&Answer::of(409, Some(running.to_owned()))));
        assert!(is_passing(&Answer::lost(false, "refused".to_owned())));
        assert!(!is_passing(&Answer::of(409, Some("{\"type\":\"sold-out\"}".to_owned()))));
        assert!(!is_passing(&Answer::of(422, None)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_outcome_is_asked_about_until_it_is_known() {
        let asked = std::cell::Cell::new(0);
        let answer = insist(|| {
            asked.set(asked.get() + 1);
            let known = asked.get() == 4;
            async move {
                Ok(if known {
                    Answer::of(201, None)
                } else {
                    Answer::lost(true, "reset".to_owned())
                })
            }
        });
        assert_eq!((answer.await.unwrap().status, asked.get()), (Some(201), 4));
    }
}
