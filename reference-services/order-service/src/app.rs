//! The service, put together.

use std::time::Duration;

use anyhow::Context as _;
use axum::Router;
use ecotrack_chassis::config::Settings;
use ecotrack_chassis::openapi::with_refusals;
use ecotrack_chassis::workers::Workers;
use ecotrack_chassis::{Application, Chassis};
use ecotrack_events::Topic;
use sqlx::migrate::Migrator;
use utoipa::openapi::OpenApi;

use crate::clients::{Catalogue, Profiles};
use crate::consumers::PaymentEvents;
use crate::http;
use crate::metrics::OrderMetrics;
use crate::orders::Orders;
use crate::state::AppState;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Orders that a customer may have open at once when nothing else is said: enough for a household, too few to empty a shelf.
const DEFAULT_MOST_OPEN: u32 = 20;
/// How often the workers look when there was nothing to do.
const IDLE: Duration = Duration::from_secs(1);

/// Name of the service.
pub const SERVICE: &str = "order-service";

/// Builds the service from its settings.
pub async fn build(settings: Settings) -> anyhow::Result<Application> {
    let mut chassis = Chassis::new(settings);
    let database = chassis.database(&MIGRATIONS)?;
    let outbox = chassis.outbox(&database)?;
    chassis.prune_idempotency_keys(&database);
    let metrics = OrderMetrics::register(chassis.registry());
    chassis.consume(
        &database,
        &[Topic::Payment],
        PaymentEvents::new(outbox.clone(), metrics.clone()),
    )?;
    let catalogue =
        Catalogue::new(chassis.client("product-service", "ECOTRACK_PRODUCT_SERVICE_URL")?);
    let cache = chassis.cache()?;
    let profiles =
        Profiles::new(chassis.client("user-service", "ECOTRACK_USER_SERVICE_URL")?, &cache);
    let most_open =
        chassis.settings().optional("ECOTRACK_MAX_OPEN_ORDERS")?.unwrap_or(DEFAULT_MOST_OPEN);
    let orders = Orders::new(database, outbox, catalogue, profiles, metrics, most_open);
    look_after(chassis.workers(), &orders);
    let (routes, openapi) = routes();
    let state = AppState { orders, verifier: chassis.verifier()? };
    chassis.serve(routes.with_state(state), openapi).await.context("order-service cannot listen")
}

/// What is done without being asked: unpaid orders end, stock without an order goes back.
fn look_after(workers: &Workers, orders: &Orders) {
    let unpaid = orders.clone();
    workers.repeat("unpaid-orders", IDLE, move || {
        let orders = unpaid.clone();
        async move { orders.expire_some().await }
    });
    let abandoned = orders.clone();
    workers.repeat("abandoned-reservations", IDLE, move || {
        let orders = abandoned.clone();
        async move { orders.give_back_one().await }
    });
}

fn routes() -> (Router<AppState>, OpenApi) {
    let (routes, openapi) = http::router().split_for_parts();
    (routes, with_refusals(openapi))
}
