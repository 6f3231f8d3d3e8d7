//! What handlers have at hand.

use axum::extract::FromRef;
use ecotrack_chassis::auth::Verifier;
use ecotrack_chassis::postgres::Database;

/// State of the router.
#[derive(Clone, FromRef)]
pub(crate) struct AppState {
    /// Notifications.
    pub(crate) database: Database,
    /// Checks tokens.
    pub(crate) verifier: Verifier,
}
