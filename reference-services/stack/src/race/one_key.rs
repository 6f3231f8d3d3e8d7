//! Many requests under one Idempotency-Key at once: one order, one charge.

use anyhow::Context as _;
use futures::future::join_all;
use reqwest::StatusCode;
use serde_json::Value;
use sqlx::PgConnection;

use super::tally::Tally;
use crate::{
    accounts::Customer,
    persist::persist,
    progress::Progress,
    report::Report,
    shop::{Reply, Shop},
    stack::Stack,
};

/// A key that stands for more than one answer.
#[derive(Debug, thiserror::Error)]
#[error("two answers under one key: {0} and {1}")]
pub struct AnswersDiffer(Value, Value);

/// What a client may be told: done, or somebody is at it.
const EXPECTED: [u16; 3] = [200, 201, 409];

/// Asks `parallel` times at once for an order under one key, then as often to pay it, for `keys` keys one after another.
pub async fn one_key(stack: &Stack, keys: usize, parallel: usize) -> anyhow::Result<Report> {
    let shop = Shop::of(stack)?;
    let customer = stack.accounts().register().await?;
    let product = shop.add_product(u32::try_from(keys * parallel)?).await?;
    let (mut ordered, mut paid) = (Tally::default(), Tally::default());
    let mut progress = Progress::of("keys", keys);
    for number in 0..keys {
        let key = format!("race-{number}");
        let place = || shop.order(&customer, product, &key);
        let order = race(parallel, &mut ordered, place).await.context("no order")?;
        let pay = || shop.pay(&customer, &order, &key);
        race(parallel, &mut paid, pay).await.context("no payment")?;
        progress.step();
    }
    judge(stack, &customer, (keys, parallel), (&ordered, &paid)).await
}

/// All at once; then once more until the answer is final. All final answers must be the same.
async fn race<F, Fut>(parallel: usize, tally: &mut Tally, ask: F) -> anyhow::Result<Value>
where
    F: Fn() -> Fut,
    Fut: Future<Output = anyhow::Result<Reply>>,
{
    let replies = join_all((0..parallel).map(|_| ask())).await;
    let mut first: Option<Value> = None;
    for reply in &replies {
        tally.count(reply.as_ref().ok().map(|reply| reply.status));
        if let Ok(reply) = reply
            && reply.status == StatusCode::CREATED
        {
            let seen = first.get_or_insert_with(|| reply.body.clone());
            same(seen, &reply.body)?;
        }
    }
    let last = persist(|| async { ask().await?.created() }).await?;
    if let Some(first) = &first {
        same(first, &last)?;
    }
    Ok(last)
}

fn same(one: &Value, other: &Value) -> Result<(), AnswersDiffer> {
    if one == other { Ok(()) } else { Err(AnswersDiffer(one.clone(), other.clone())) }
}

async fn judge(
    stack: &Stack,
    customer: &Customer,
    (keys, parallel): (usize, usize),
    (ordered, paid): (&Tally, &Tally),
) -> anyhow::Result<Report> {
    let mut services = stack.postgres().connect("ecotrack").await?;
    let mut outside = stack.postgres().connect("provider_sandbox").await?;
    let wanted = i64::try_from(keys)?;
    let mut report = Report::new(&format!(
        "{parallel} parallel requests with one Idempotency-Key x {keys} keys"
    ));
    let of_customer = [
        ("orders", "select count(*) from order_service.orders where user_id = $1"),
        ("payments", "select count(*) from payment_service.payments where user_id = $1"),
    ];
    for (name, statement) in of_customer {
        let count: i64 =
            sqlx::query_scalar(statement).bind(customer.user_id).fetch_one(&mut services).await?;
        report.equal(name, &wanted, &count);
    }
    report.equal("charges at the provider", &wanted, &charges(&mut outside).await?);
    report.equal("unexpected answers to orders", &0, &ordered.others(&EXPECTED));
    report.equal("unexpected answers to payments", &0, &paid.others(&EXPECTED));
    report.noted("answers to orders", &ordered.to_string());
    report.noted("answers to payments", &paid.to_string());
    Ok(report)
}

async fn charges(outside: &mut PgConnection) -> anyhow::Result<i64> {
    let statement = "select count(*) from provider_sandbox.ledger
        where provider = 'stripe' and operation = 'payment_intent' and outcome = 'accepted'";
    Ok(sqlx::query_scalar(statement).fetch_one(outside).await?)
}
