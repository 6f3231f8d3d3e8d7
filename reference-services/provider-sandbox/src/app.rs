//! The sandbox, put together.

use anyhow::Context as _;
use ecotrack_chassis::config::Settings;
use ecotrack_chassis::{Application, Chassis};
use sqlx::migrate::Migrator;

use crate::desk::Desk;
use crate::http;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Name of the service.
pub const SERVICE: &str = "provider-sandbox";

/// Builds the sandbox: a database and routes, nothing else.
pub async fn build(settings: Settings) -> anyhow::Result<Application> {
    let mut chassis = Chassis::new(settings);
    let database = chassis.database(&MIGRATIONS)?;
    let (routes, openapi) = http::router(Desk::new(database)).split_for_parts();
    chassis.serve(routes, openapi).await.context("the sandbox cannot listen")
}
