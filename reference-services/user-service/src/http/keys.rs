//! `GET /.well-known/jwks.json`

use axum::{Json, extract::State, http::header, response::IntoResponse};
use ecotrack_chassis::ApiResult;
use serde::Serialize;
use utoipa::ToSchema;

use crate::keys::KeyRing;

/// How long others may keep the keys, so that a retired one is refused soon.
const CACHE_CONTROL: &str = "public, max-age=60";

/// A JSON Web Key Set (RFC 7517), for the document only.
#[derive(Serialize, ToSchema)]
struct KeySet {
    /// P-256 keys, the one that signs first.
    #[schema(min_items = 1)]
    keys: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// The keys that access tokens are signed with, and those of tokens that have not expired.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "keys", responses((status = 200, description = "The keys", body = KeySet)))]
pub(super) async fn published(State(keys): State<KeyRing>) -> ApiResult<impl IntoResponse> {
    Ok(([(header::CACHE_CONTROL, CACHE_CONTROL)], Json(keys.public()?)))
}
