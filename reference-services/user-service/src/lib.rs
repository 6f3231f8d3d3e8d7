//! Users: who they are, how they prove it, and the tokens that say so to all other services.

mod accounts;
mod domain;
mod housekeeping;
mod http;
mod keys;
mod limits;
mod metrics;
mod passwords;
mod roles;
mod sessions;
mod settings;
mod source;
mod store;
mod tokens;

use std::{sync::Arc, time::Duration};

use ecotrack_chassis::{
    Application, Chassis, auth::Verifier, cache::Cache, config::Settings, outbox::Outbox,
    postgres::Database,
};
use sqlx::migrate::Migrator;

use accounts::Accounts;
use http::AppState;
use keys::KeyRing;
use limits::Limits;
use metrics::Metrics;
use passwords::Passwords;
use roles::Roles;
use sessions::{SessionCache, Sessions};
use settings::UserSettings;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How long a profile is cached.
const PROFILE_TTL: Duration = Duration::from_mins(5);
/// How long it is cached how a session stands: longer than any of its access tokens lives.
const SESSION_TTL: Duration = Duration::from_mins(30);

/// Puts the service together.
pub async fn build(settings: Settings) -> anyhow::Result<Application> {
    let mut chassis = Chassis::new(settings);
    let own = UserSettings::load(chassis.settings())?;
    let database = chassis.database(&MIGRATIONS)?;
    let cache = chassis.cache()?;
    let outbox = chassis.outbox(&database)?;
    let metrics = Metrics::register(chassis.registry());
    let verifier = Verifier::local();
    let secrets = chassis.settings().secrets()?;
    let (keys, workers) = (database.clone(), chassis.workers());
    let keys = KeyRing::start(secrets, keys, verifier.clone(), &own, workers)?;
    let checked = keys.clone();
    chassis.health().register("signing-keys", move || std::future::ready(checked.is_ready()));
    let state = state(&own, database.clone(), &cache, outbox, keys, metrics, verifier)?;
    housekeeping::start(database, state.roles.clone(), chassis.workers());
    let (routes, openapi) = http::routes();
    chassis.serve(routes.with_state(state), openapi).await
}

fn state(
    settings: &UserSettings,
    database: Database,
    cache: &Cache,
    outbox: Outbox,
    keys: KeyRing,
    metrics: Metrics,
    verifier: Verifier,
) -> anyhow::Result<AppState> {
    let passwords = Passwords::new()?;
    let sessions = SessionCache::new(cache.of("user:session", SESSION_TTL));
    Ok(AppState {
        accounts: Accounts::new(
            database.clone(),
            outbox.clone(),
            passwords.clone(),
            cache.of("user:profile", PROFILE_TTL),
            sessions.clone(),
        ),
        roles: Roles::new(
            database.clone(),
            outbox.clone(),
            sessions.clone(),
            Arc::clone(&settings.admins),
        ),
        sessions: Sessions::new(
            database,
            outbox,
            passwords,
            keys.clone(),
            sessions,
            settings.token_lifetime,
        ),
        limits: Limits::new(cache, settings.source_limit),
        keys,
        metrics,
        verifier,
    })
}
