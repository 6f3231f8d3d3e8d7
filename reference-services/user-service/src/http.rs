//! The HTTP interface: one file per resource.

mod callers;
mod document;
mod keys;
mod profile;
mod profile_change;
mod refresh;
mod registration;
mod roles;
mod session;
mod sessions;

use axum::{Router, extract::FromRef};
use ecotrack_chassis::auth::Verifier;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    accounts::Accounts, keys::KeyRing, limits::Limits, metrics::Metrics, roles::Roles,
    sessions::Sessions,
};

/// What the handlers work with.
#[derive(Clone, FromRef)]
pub(crate) struct AppState {
    pub(crate) accounts: Accounts,
    pub(crate) sessions: Sessions,
    pub(crate) roles: Roles,
    pub(crate) limits: Limits,
    pub(crate) keys: KeyRing,
    pub(crate) metrics: Metrics,
    pub(crate) verifier: Verifier,
}

/// All routes, and the document that describes them.
pub(crate) fn routes() -> (Router<AppState>, OpenApi) {
    let (routes, openapi) = OpenApiRouter::with_openapi(document::head())
        .routes(routes!(registration::register))
        .routes(routes!(session::login))
        .routes(routes!(session::logout))
        .routes(routes!(refresh::refresh))
        .routes(routes!(profile::me, profile_change::change, profile_change::erase))
        .routes(routes!(profile::by_id))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::end))
        .routes(routes!(roles::list_users))
        .routes(routes!(roles::grant, roles::revoke))
        .routes(routes!(keys::published))
        .split_for_parts();
    (routes, document::complete(openapi))
}
