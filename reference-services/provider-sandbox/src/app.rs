//! The sandbox, put together.

use std::time::Duration;

use anyhow::Context as _;
use ecotrack_chassis::config::Settings;
use ecotrack_chassis::{Application, Chassis};
use sqlx::migrate::Migrator;

use crate::courier::{Courier, Receivers};
use crate::desk::Desk;
use crate::http;

/// How often webhooks are looked for when there were none.
const COURIER_INTERVAL: Duration = Duration::from_millis(100);

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Name of the service.
pub const SERVICE: &str = "provider-sandbox";

/// Builds the sandbox: a database and routes, and a courier where somebody is to be told of what happens.
pub async fn build(settings: Settings) -> anyhow::Result<Application> {
    let receivers = Receivers::load(&settings)?;
    let mut chassis = Chassis::new(settings);
    let database = chassis.database(&MIGRATIONS)?;
    if !receivers.is_empty() {
        let courier = Courier::new(chassis.settings(), database.clone(), receivers.clone())?;
        chassis.workers().repeat("courier", COURIER_INTERVAL, move || {
            let courier = courier.clone();
            async move { courier.step().await }
        });
    }
    let (routes, openapi) = http::router(Desk::new(database, receivers)).split_for_parts();
    chassis.serve(routes, openapi).await.context("the sandbox cannot listen")
}
