//! Users: who they are, how they prove it, and the tokens that say so to all other services.

mod accounts;
mod domain;
mod http;
mod keys;
mod metrics;
mod passwords;
mod sessions;
mod store;
mod tokens;

use std::time::Duration;

use ecotrack_chassis::{Application, Chassis, auth::Verifier, config::Settings};
use sqlx::migrate::Migrator;

use accounts::Accounts;
use http::AppState;
use keys::KeyRing;
use metrics::Metrics;
use passwords::Passwords;
use sessions::Sessions;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How long a profile is cached.
const PROFILE_TTL: Duration = Duration::from_mins(5);

/// Puts the service together.
pub async fn build(settings: Settings) -> anyhow::Result<Application> {
    let mut chassis = Chassis::new(settings);
    let database = chassis.database(&MIGRATIONS)?;
    let cache = chassis.cache()?;
    let outbox = chassis.outbox(&database)?;
    let metrics = Metrics::register(chassis.registry());
    let verifier = Verifier::local();
    let keys = KeyRing::start(chassis.settings().secrets()?, verifier.clone(), chassis.workers())?;
    let passwords = Passwords::new()?;
    let state = AppState {
        accounts: Accounts::new(
            database.clone(),
            outbox.clone(),
            passwords.clone(),
            cache.of("user:profile", PROFILE_TTL),
        ),
        sessions: Sessions::new(
            database,
            outbox,
            passwords,
            keys.clone(),
            cache.of("user:session", tokens::LIFETIME),
        ),
        keys,
        metrics,
        verifier,
    };
    let (routes, openapi) = http::routes();
    chassis.serve(routes.with_state(state), openapi).await
}
