//! The HTTP interface: one file per resource.

mod keys;
mod profile;
mod registration;
mod session;

use axum::{Router, extract::FromRef};
use ecotrack_chassis::auth::Verifier;
use utoipa::{OpenApi as _, openapi::OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{accounts::Accounts, keys::KeyRing, metrics::Metrics, sessions::Sessions};

/// What the handlers work with.
#[derive(Clone, FromRef)]
pub(crate) struct AppState {
    pub(crate) accounts: Accounts,
    pub(crate) sessions: Sessions,
    pub(crate) keys: KeyRing,
    pub(crate) metrics: Metrics,
    pub(crate) verifier: Verifier,
}

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "user-service",
    description = "Accounts, sessions and the keys of their tokens"
))]
struct Document;

/// All routes, and the document that describes them.
pub(crate) fn routes() -> (Router<AppState>, OpenApi) {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(registration::register))
        .routes(routes!(session::login))
        .routes(routes!(session::logout))
        .routes(routes!(profile::me))
        .routes(routes!(profile::by_id))
        .routes(routes!(keys::published))
        .split_for_parts()
}
