//! What handlers have at hand.

use axum::extract::FromRef;
use ecotrack_chassis::auth::Verifier;
use ecotrack_chassis::webhook::Gate;

use crate::metrics::PaymentMetrics;
use crate::payments::Payments;

/// State of the router.
#[derive(Clone, FromRef)]
pub(crate) struct AppState {
    /// Use cases.
    pub(crate) payments: Payments,
    /// Checks who speaks for a provider.
    pub(crate) gate: Gate,
    /// The service's own metrics.
    pub(crate) metrics: PaymentMetrics,
    /// Checks tokens.
    pub(crate) verifier: Verifier,
}
