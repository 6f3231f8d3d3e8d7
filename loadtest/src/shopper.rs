//! A shopper: looks around, searches, reads about a product. Never logs in.

use goose::prelude::*;
use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::Value;

use crate::common::{Ask, fetch, plain};

/// Products on a page.
const PAGE: usize = 20;
/// What people search for.
const WORDS: [&str; 4] = ["bamboo", "cotton", "bottle", "soap"];
/// People who want it sustainable say how much: 0 to 100.
const LEAST_SUSTAINABLE: std::ops::Range<u32> = 10..90;

/// The first page of the catalogue.
pub(crate) async fn browse(user: &mut GooseUser) -> TransactionResult {
    products(user, &format!("/api/products?limit={PAGE}")).await.map(drop)
}

/// A word, and how sustainable it must be. Finding nothing is fine, finding less sustainable products is not.
pub(crate) async fn search(user: &mut GooseUser) -> TransactionResult {
    let (word, least) = {
        let mut random = rand::rng();
        (
            WORDS.choose(&mut random).copied().unwrap_or_default(),
            random.random_range(LEAST_SUSTAINABLE),
        )
    };
    let path = format!("/api/products?query={word}&min_sustainability={least}&limit={PAGE}");
    let ask =
        Ask { method: GooseMethod::Get, path: &path, name: "/api/products?query", status: 200 };
    let sustainable = |product: &Value| {
        product["sustainability_score"].as_u64().is_some_and(|score| score >= u64::from(least))
    };
    fetch(user, ask, plain, |page| page["items"].as_array()?.iter().all(sustainable).then_some(()))
        .await
}

/// One product of the first page, the same as the page shows it.
pub(crate) async fn look(user: &mut GooseUser) -> TransactionResult {
    let listed = any_product(user).await?;
    let path = format!("/api/products/{}", listed["product_id"].as_str().unwrap_or_default());
    let ask =
        Ask { method: GooseMethod::Get, path: &path, name: "/api/products/{id}", status: 200 };
    fetch(user, ask, plain, |product| {
        (product["product_id"] == listed["product_id"] && product["name"] == listed["name"])
            .then_some(())
    })
    .await
}

/// A product of the first page.
pub(crate) async fn any_product(user: &mut GooseUser) -> Result<Value, Box<TransactionError>> {
    let page = products(user, &format!("/api/products?limit={PAGE}")).await?;
    let chosen = page.choose(&mut rand::rng()).cloned();
    chosen.ok_or_else(|| Box::new(TransactionError::Custom("the catalogue is empty".to_owned())))
}

async fn products(user: &mut GooseUser, path: &str) -> Result<Vec<Value>, Box<TransactionError>> {
    let ask = Ask { method: GooseMethod::Get, path, name: "/api/products", status: 200 };
    fetch(user, ask, plain, |page| {
        page["items"].as_array().filter(|items| !items.is_empty()).cloned()
    })
    .await
}
