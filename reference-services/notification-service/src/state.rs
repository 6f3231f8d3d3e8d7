//! What handlers have at hand.

use axum::extract::FromRef;
use ecotrack_chassis::auth::Verifier;
use ecotrack_chassis::postgres::Database;

use crate::choices::Choices;
use crate::http::Signatures;
use crate::reports::Reports;

/// State of the router.
#[derive(Clone, FromRef)]
pub(crate) struct AppState {
    /// Notifications.
    pub(crate) database: Database,
    /// Checks tokens.
    pub(crate) verifier: Verifier,
    /// Keeps what users want.
    pub(crate) choices: Choices,
    /// Applies what providers report.
    pub(crate) reports: Reports,
    /// Checks whether providers said so.
    pub(crate) signatures: Signatures,
}
