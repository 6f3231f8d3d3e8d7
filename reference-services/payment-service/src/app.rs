//! The service, put together.

use std::time::Duration;

use anyhow::Context as _;
use ecotrack_chassis::config::Settings;
use ecotrack_chassis::openapi::with_refusals;
use ecotrack_chassis::webhook::Gate;
use ecotrack_chassis::{Application, Chassis};
use sqlx::migrate::Migrator;

use crate::clients::{OrderBook, Providers};
use crate::domain::method::Method;
use crate::http;
use crate::metrics::PaymentMetrics;
use crate::payments::Payments;
use crate::state::AppState;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How often open payments are looked for when there were none.
const RECONCILE_INTERVAL: Duration = Duration::from_secs(1);

/// Name of the service.
pub const SERVICE: &str = "payment-service";

/// Builds the service from its settings.
pub async fn build(settings: Settings) -> anyhow::Result<Application> {
    let secrets = settings.secrets()?;
    let mut chassis = Chassis::new(settings);
    let database = chassis.database(&MIGRATIONS)?;
    let outbox = chassis.outbox(&database)?;
    chassis.prune_idempotency_keys(&database);
    let metrics = PaymentMetrics::register(chassis.registry());
    let orders = OrderBook::new(chassis.client("order-service", "ECOTRACK_ORDER_SERVICE_URL")?);
    let providers = Providers::new(&chassis, secrets.clone())?;
    let payments = Payments::new(database, outbox, orders, providers, metrics.clone());
    // Each on its own: a provider that hangs does not hold up the other's payments.
    for (name, method) in
        [("card-reconciler", Method::CreditCard), ("paypal-reconciler", Method::Paypal)]
    {
        let unknown = payments.clone();
        chassis.workers().repeat(name, RECONCILE_INTERVAL, move || {
            let payments = unknown.clone();
            async move { payments.reconcile_one(method).await }
        });
    }
    let state =
        AppState { payments, gate: Gate::new(secrets), metrics, verifier: chassis.verifier()? };
    let (routes, openapi) = http::router().split_for_parts();
    chassis
        .serve(routes.with_state(state), with_refusals(openapi))
        .await
        .context("payment-service cannot listen")
}
