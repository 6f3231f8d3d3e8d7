//! `GET /.well-known/jwks.json`

use axum::{Json, extract::State, http::header, response::IntoResponse};

use crate::keys::KeyRing;

/// How long others may keep the keys, so that a retired one is refused soon.
const CACHE_CONTROL: &str = "public, max-age=60";

/// The keys that access tokens are signed with.
#[utoipa::path(get, path = "/.well-known/jwks.json", responses((status = 200, body = serde_json::Value)))]
pub(super) async fn published(State(keys): State<KeyRing>) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, CACHE_CONTROL)], Json(keys.public()))
}
