//! Products of the catalogue.

use anyhow::Context;
use conformance::check::http;
use conformance::services::{Call, Product};
use conformance::verdict::Outcome;
use cucumber::given;

use super::asking::{expect, send};
use crate::world::World;

#[given("a product in stock")]
pub(crate) async fn in_stock(world: &mut World) -> Outcome {
    let answer = send(world, &Call::get("/api/products?limit=100")).await?;
    expect(world, "the catalogue", &answer, http::status(200))?;
    let products = Product::list(&answer)?;
    let best = products
        .into_iter()
        .max_by_key(|product| product.available)
        .context("the catalogue is empty")?;
    world.remember(best);
    Ok(())
}
