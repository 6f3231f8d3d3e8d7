//! The HTTP interface: one file per resource.

mod answers;
mod categories;
mod choices;
mod if_match;
mod product_requests;
mod products;
mod products_admin;
mod reservations;
mod search;
mod suggestions;

use axum::{Router, extract::FromRef};
use ecotrack_chassis::{auth::Verifier, openapi::with_refusals};
use utoipa::{OpenApi as _, openapi::OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{catalogue::Catalogue, stock::Stock};

/// What the handlers work with.
#[derive(Clone, FromRef)]
pub(crate) struct AppState {
    pub(crate) catalogue: Catalogue,
    pub(crate) stock: Stock,
    pub(crate) verifier: Verifier,
}

#[derive(utoipa::OpenApi)]
#[openapi(info(title = "product-service", description = "The catalogue and its stock"))]
struct Document;

/// All routes, and the document that describes them.
pub(crate) fn routes() -> (Router<AppState>, OpenApi) {
    let (routes, openapi) = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(search::search, products_admin::add))
        .routes(routes!(suggestions::popular))
        .routes(routes!(categories::all, categories::add))
        .routes(routes!(categories::by_id, categories::change))
        .routes(routes!(products::by_id, products_admin::change, products_admin::archive))
        .routes(routes!(suggestions::recommendations))
        .routes(routes!(reservations::reserve))
        .routes(routes!(reservations::release))
        .split_for_parts();
    (routes, with_refusals(openapi))
}
