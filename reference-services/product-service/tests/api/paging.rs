//! Pages together are the list, whatever is added while somebody reads.

use std::collections::HashSet;

use anyhow::{Context as _, Result};
use proptest::{prelude::*, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::helpers::{TestApp, text};

const SORTS: [&str; 6] =
    ["oldest", "newest", "price_asc", "price_desc", "sustainability", "relevance&query=bamboo"];
/// Walks per order.
const WALKS: usize = 3;

/// What is added while somebody reads, one product after each page, and how large the pages are.
#[derive(Debug)]
struct Walk {
    limit: usize,
    added: Vec<(u32, u8)>,
}

fn walks() -> impl Strategy<Value = Walk> {
    let added = prop::collection::vec((0..9000_u32, 0..=100_u8), 1..6);
    (1..9_usize, added).prop_map(|(limit, added)| Walk { limit, added })
}

#[tokio::test]
async fn every_row_is_seen_exactly_once_in_every_order_while_rows_are_added() -> Result<()> {
    let app = TestApp::start().await?;
    let mut runner = TestRunner::deterministic();
    for sort in SORTS {
        for _ in 0..WALKS {
            let walk = walks().new_tree(&mut runner).map_err(|error| anyhow::anyhow!("{error}"))?;
            let walk = walk.current();
            sees_every_row_once(&app, sort, &walk)
                .await
                .with_context(|| format!("{sort} {walk:?}"))?;
        }
    }
    Ok(())
}

async fn sees_every_row_once(app: &TestApp, sort: &str, walk: &Walk) -> Result<()> {
    let before: HashSet<_> =
        ids(&app.search(&format!("sort={sort}")).await?)?.into_iter().collect();
    let mut added = walk.added.iter();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/products?sort={sort}&limit={}{cursor}", walk.limit);
        let page = app.get(&path).await?;
        seen.extend(ids(page["items"].as_array().context("no items")?)?);
        if let Some((cents, score)) = added.next() {
            let price = format!("{}.{:02}", cents / 100, cents % 100);
            let fields =
                json!({"name": "Bamboo thing", "price": price, "sustainability_score": score});
            app.add(fields).await?;
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let distinct: HashSet<_> = seen.iter().cloned().collect();
    assert_eq!(distinct.len(), seen.len(), "a row was seen twice");
    assert!(before.is_subset(&distinct), "a row was not seen");
    Ok(())
}

fn ids(products: &[Value]) -> Result<Vec<String>> {
    products.iter().map(|product| text(product, "product_id")).collect()
}

#[tokio::test]
async fn products_come_in_the_order_asked_for() -> Result<()> {
    let app = TestApp::start().await?;
    let cents = |product: &Value| {
        product["price"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap()
    };
    let prices: Vec<_> = app.search("sort=price_asc").await?.iter().map(cents).collect();
    assert!(prices.is_sorted(), "{prices:?}");
    let mut reversed: Vec<_> = app.search("sort=price_desc").await?.iter().map(cents).collect();
    reversed.reverse();
    assert_eq!(reversed, prices);
    let scores = app.search("sort=sustainability").await?;
    assert!(scores.is_sorted_by_key(|product| -product["sustainability_score"].as_i64().unwrap()));
    let oldest = ids(&app.search("sort=oldest").await?)?;
    assert_eq!(ids(&app.search("").await?)?, oldest);
    let newest = ids(&app.search("sort=newest").await?)?;
    assert!(newest.iter().rev().eq(&oldest));
    Ok(())
}
