//! What handlers have at hand.

use axum::extract::FromRef;
use ecotrack_chassis::auth::Verifier;

use crate::orders::Orders;

/// State of the router.
#[derive(Clone, FromRef)]
pub(crate) struct AppState {
    /// Use cases.
    pub(crate) orders: Orders,
    /// Checks tokens.
    pub(crate) verifier: Verifier,
}
