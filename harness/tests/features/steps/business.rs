//! Business metrics: what customers did is what was counted.

use anyhow::Context;
use conformance::check::metrics::{Movement, increased_by};
use conformance::services::Order;
use conformance::verdict::Outcome;
use cucumber::gherkin::Step;
use cucumber::{given, then, when};

use super::asking::expect;
use super::metric::fetch_fresh;
use super::{customer, order, payment, product};
use crate::world::World;

/// A row of the scenario's table, with the value before.
#[derive(Clone)]
struct Expected {
    metric: String,
    service: String,
    by: String,
    before: f64,
}

/// All rows.
struct Table(Vec<Expected>);

#[given("the values of these business metrics")]
async fn values_before(world: &mut World, step: &Step) -> Outcome {
    let rows = &step.table.as_ref().context("the step has no table")?.rows;
    let mut table = Vec::new();
    for row in rows.iter().skip(1) {
        let [metric, service, by] = row.as_slice() else {
            return Err(anyhow::anyhow!("a row of three cells was expected, not {row:?}").into());
        };
        let before = fetch_fresh(world, service, metric).await?;
        table.push(Expected {
            metric: metric.clone(),
            service: service.clone(),
            by: by.clone(),
            before,
        });
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
    let total = world.recall::<Order>()?.total.in_major();
    for expected in world.recall::<Table>()?.0.clone() {
        let by = if expected.by == "total" { total } else { expected.by.parse()? };
        let after = fetch_fresh(world, &expected.service, &expected.metric).await?;
        expect(
            world,
            &expected.metric,
            &Movement { before: expected.before, after },
            increased_by(by),
        )?;
    }
    Ok(())
}
