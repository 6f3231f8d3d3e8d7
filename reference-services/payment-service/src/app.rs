//! The service, put together.

use std::time::Duration;

use anyhow::Context as _;
use ecotrack_chassis::config::Settings;
use ecotrack_chassis::openapi::with_refusals;
use ecotrack_chassis::postgres::Database;
use ecotrack_chassis::webhook::Gate;
use ecotrack_chassis::workers::Workers;
use ecotrack_chassis::{Application, Chassis};
use sqlx::migrate::Migrator;

use crate::clients::{OrderBook, Providers};
use crate::domain::method::Method;
use crate::housekeeping;
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
    prune(&chassis, &database);
    let metrics = PaymentMetrics::register(chassis.registry());
    let orders = OrderBook::new(chassis.client("order-service", "ECOTRACK_ORDER_SERVICE_URL")?);
    let providers = Providers::new(&chassis, secrets.clone())?;
    let payments = Payments::new(database, outbox, orders, providers, metrics.clone());
    look_after(chassis.workers(), &payments);
    let state =
        AppState { payments, gate: Gate::new(secrets), metrics, verifier: chassis.verifier()? };
    let (routes, openapi) = http::router().split_for_parts();
    chassis
        .serve(routes.with_state(state), with_refusals(openapi))
        .await
        .context("payment-service cannot listen")
}

/// What has had its time.
fn prune(chassis: &Chassis, database: &Database) {
    chassis.prune_idempotency_keys(database);
    chassis.prune("provider-event-pruning", database, housekeeping::forget_events);
    chassis.prune("payment-intent-pruning", database, housekeeping::forget_intents);
}

/// What is done without being asked: payments that nobody records are given up, outcomes that nobody knows are asked for.
fn look_after(workers: &Workers, payments: &Payments) {
    let abandoned = payments.clone();
    workers.repeat("abandoned-payments", RECONCILE_INTERVAL, move || {
        let payments = abandoned.clone();
        async move { payments.give_up_one().await }
    });
    // Each on its own: a provider that hangs does not hold up the other's payments.
    for (name, method) in
        [("card-reconciler", Method::CreditCard), ("paypal-reconciler", Method::Paypal)]
    {
        let unknown = payments.clone();
        workers.repeat(name, RECONCILE_INTERVAL, move || {
            let payments = unknown.clone();
            async move { payments.reconcile_one(method).await }
        });
    }
}
