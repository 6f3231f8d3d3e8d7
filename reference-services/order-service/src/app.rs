//! The service, put together.

use anyhow::Context as _;
use axum::Router;
use ecotrack_chassis::config::Settings;
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

/// Name of the service.
pub const SERVICE: &str = "order-service";

/// Builds the service from its settings.
pub async fn build(settings: Settings) -> anyhow::Result<Application> {
    let mut chassis = Chassis::new(settings);
    let database = chassis.database(&MIGRATIONS)?;
    let outbox = chassis.outbox(&database)?;
    let metrics = OrderMetrics::register(chassis.registry());
    chassis.consume(
        &database,
        &[Topic::Payment],
        PaymentEvents::new(outbox.clone(), metrics.clone()),
    )?;
    let catalogue =
        Catalogue::new(chassis.client("product-service", "ECOTRACK_PRODUCT_SERVICE_URL")?);
    let profiles = Profiles::new(chassis.client("user-service", "ECOTRACK_USER_SERVICE_URL")?);
    let orders = Orders::new(database, outbox, catalogue, profiles, metrics);
    let (routes, openapi) = routes();
    let state = AppState { orders, verifier: chassis.verifier()? };
    chassis.serve(routes.with_state(state), openapi).await.context("order-service cannot listen")
}

fn routes() -> (Router<AppState>, OpenApi) {
    http::router().split_for_parts()
}
