//! Many buyers for few items at once: exactly as many sold as there are, however often it is tried.

use anyhow::ensure;
use futures::{StreamExt as _, TryStreamExt as _, future::join_all, stream};
use reqwest::StatusCode;
use uuid::Uuid;

use super::tally::Tally;
use crate::{accounts::Customer, persist::persist, report::Report, shop::Shop, stack::Stack};

/// How many register side by side.
const REGISTERING: usize = 4;

/// What the rounds came to.
#[derive(Default)]
struct Rounds {
    answers: Tally,
    exact: usize,
    told: Vec<usize>,
    held: Vec<i64>,
    left: Vec<i32>,
}

/// `buyers` ask for one of `items` pieces at once, `rounds` times with a new product.
pub async fn oversell(
    stack: &Stack,
    rounds: usize,
    buyers: usize,
    items: u32,
) -> anyhow::Result<Report> {
    let shop = Shop::of(stack)?;
    let customers: Vec<_> = stream::iter(0..buyers)
        // In a crowd passwords are hashed one after another, and some are told to come again.
        .map(|_| persist(|| stack.accounts().register()))
        .buffer_unordered(REGISTERING)
        .try_collect()
        .await?;
    let mut seen = Rounds::default();
    for _ in 0..rounds {
        round(stack, &shop, &customers, items, &mut seen).await?;
    }
    let mut report = Report::new(&format!("{buyers} buyers for {items} items x {rounds}"));
    report.equal("rounds with exactly as many sold as there were", &rounds, &seen.exact);
    report.noted("orders confirmed, least and most in a round", &range(&seen.told));
    report.noted("items held in the database, least and most", &range(&seen.held));
    report.noted("items left in the database, least and most", &range(&seen.left));
    report.noted("first answers", &seen.answers.to_string());
    Ok(report)
}

async fn round(
    stack: &Stack,
    shop: &Shop,
    customers: &[Customer],
    items: u32,
    seen: &mut Rounds,
) -> anyhow::Result<()> {
    let product = shop.add_product(items).await?;
    let key = Uuid::new_v4().to_string();
    let first =
        join_all(customers.iter().map(|customer| shop.order(customer, product, &key))).await;
    for reply in &first {
        seen.answers.count(reply.as_ref().ok().map(|reply| reply.status));
    }
    let answers = customers.iter().map(|customer| definite(shop, customer, product, &key));
    let told = futures::future::try_join_all(answers).await?.into_iter().filter(|got| *got).count();
    let mut connection = stack.postgres().connect("ecotrack").await?;
    let held: i64 = sqlx::query_scalar(
        "select coalesce(sum(quantity), 0) from product_service.reservations where product_id = $1 and status in ('held', 'sold')",
    )
    .bind(product)
    .fetch_one(&mut connection)
    .await?;
    let left: i32 = sqlx::query_scalar("select stock from product_service.products where id = $1")
        .bind(product)
        .fetch_one(&mut connection)
        .await?;
    let wanted = usize::try_from(items)?;
    seen.exact += usize::from(told == wanted && held == i64::from(items) && left == 0);
    seen.told.push(told);
    seen.held.push(held);
    seen.left.push(left);
    Ok(())
}

/// Asks again under the same key until the answer is yes or sold out.
async fn definite(
    shop: &Shop,
    customer: &Customer,
    product: Uuid,
    key: &str,
) -> anyhow::Result<bool> {
    persist(|| async {
        let reply = shop.order(customer, product, key).await?;
        let is_sold_out =
            reply.body["type"].as_str().is_some_and(|kind| kind.ends_with("sold-out"));
        ensure!(
            reply.status == StatusCode::CREATED
                || (reply.status == StatusCode::CONFLICT && is_sold_out),
            "{}: {}",
            reply.status,
            reply.body
        );
        Ok(reply.status == StatusCode::CREATED)
    })
    .await
}

fn range<T: Ord + ToString>(values: &[T]) -> String {
    let text = |value: Option<&T>| value.map_or_else(|| "-".to_owned(), ToString::to_string);
    format!("{} to {}", text(values.iter().min()), text(values.iter().max()))
}
