//! What handlers have at hand.

use axum::extract::FromRef;
use ecotrack_chassis::auth::Verifier;

use crate::payments::Payments;

/// State of the router.
#[derive(Clone, FromRef)]
pub(crate) struct AppState {
    /// Use cases.
    pub(crate) payments: Payments,
    /// Checks tokens.
    pub(crate) verifier: Verifier,
}
