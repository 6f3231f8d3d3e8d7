//! Business metrics: what customers did is what was counted.

use conformance::check::metrics::{Movement, increased_by};
use conformance::services::Order;
use conformance::verdict::Outcome;
use cucumber::gherkin::Step;
use cucumber::{given, then, when};

use super::asking::expect;
use super::metric::{ALL_SERVICES, await_scrape, fetch};
use super::{customer, order, payment, product, table};
use crate::world::World;

/// A row of the scenario's table, with the value before.
#[derive(Clone)]
struct Expected {
    metric: String,
    by: String,
    before: f64,
}

/// All rows.
struct Table(Vec<Expected>);

#[given("the values of these business metrics")]
async fn values_before(world: &mut World, step: &Step) -> Outcome {
    await_scrape(world, ALL_SERVICES).await?;
    let mut table = Vec::new();
    for [metric, by] in table::rows(step)? {
        let before = fetch(world, &metric).await?;
        table.push(Expected { metric, by, before });
    }
    world.remember(Table(table));
    Ok(())
}

#[when(expr = "a new customer registers, logs in, orders {int} of a product and pays by card")]
async fn purchases(world: &mut World, quantity: u32) -> Outcome {
    customer::logged_in(world).await?;
    product::in_stock(world).await?;
    order::orders(world, quantity).await?;
    payment::pays(world).await?;
    order::becomes(world, "completed".to_owned()).await
}

#[given("a purchase and a logout of a new customer")]
async fn purchase_and_logout(world: &mut World) -> Outcome {
    purchases(world, 1).await?;
    customer::logs_out(world).await
}

#[then("each of these metrics has moved by its amount")]
async fn moved(world: &mut World) -> Outcome {
    await_scrape(world, ALL_SERVICES).await?;
    let total = world.recall::<Order>()?.total.in_major();
    for Expected { metric, by, before } in world.recall::<Table>()?.0.clone() {
        let by = if by == "total" { total } else { by.parse()? };
        let after = fetch(world, &metric).await?;
        expect(world, &metric, &Movement { before, after }, increased_by(by))?;
    }
    Ok(())
}
