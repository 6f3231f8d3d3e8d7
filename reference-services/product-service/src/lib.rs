//! Products: what there is, what it costs, and how much of it is left.

mod catalogue;
mod consumers;
mod domain;
mod http;
mod stock;
mod store;

use std::time::Duration;

use ecotrack_chassis::{Application, Chassis, config::Settings};
use ecotrack_events::Topic;
use sqlx::migrate::Migrator;

use catalogue::Catalogue;
use consumers::OrderOutcomes;
use http::AppState;
use stock::Stock;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How long a product is cached. A change of its stock or itself removes it earlier.
const PRODUCT_TTL: Duration = Duration::from_mins(10);
/// How long the tree of categories is cached.
const CATEGORY_TTL: Duration = Duration::from_hours(1);

/// Puts the service together.
pub async fn build(settings: Settings) -> anyhow::Result<Application> {
    let mut chassis = Chassis::new(settings);
    let database = chassis.database(&MIGRATIONS)?;
    let cache = chassis.cache()?;
    let products = cache.of("product", PRODUCT_TTL);
    let state = AppState {
        catalogue: Catalogue::new(
            database.clone(),
            products.clone(),
            cache.of("category", CATEGORY_TTL),
        ),
        stock: Stock::new(database.clone(), products),
        verifier: chassis.verifier()?,
    };
    chassis.consume(&database, &[Topic::Order], OrderOutcomes)?;
    let (routes, openapi) = http::routes();
    chassis.serve(routes.with_state(state), openapi).await
}
