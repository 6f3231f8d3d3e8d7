//! The header `If-Match`: which version of a product the client has seen.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
};
use ecotrack_chassis::ApiError;

/// The entity tags a client says it has seen.
pub(super) struct IfMatch(String);

impl IfMatch {
    /// The header as it came.
    pub(super) fn header(&self) -> &str {
        &self.0
    }
}

/// A change needs the header: without it, two administrators would undo each other's work in silence.
impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        read(parts)?.map(Self).ok_or_else(|| {
            let detail = "say in If-Match which version of the product is meant";
            ApiError::new(StatusCode::PRECONDITION_REQUIRED, "version-required", detail)
        })
    }
}

/// The header where it may be absent.
pub(super) struct MaybeIfMatch(Option<String>);

impl MaybeIfMatch {
    /// The header as it came.
    pub(super) fn header(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeIfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        read(parts).map(Self)
    }
}

/// All values of the header, as one list.
fn read(parts: &Parts) -> Result<Option<String>, ApiError> {
    let values = parts.headers.get_all(header::IF_MATCH).iter().map(|value| value.to_str());
    let values: Vec<_> = values
        .collect::<Result<_, _>>()
        .map_err(|error| ApiError::bad_request("If-Match is not text").caused_by(error))?;
    Ok((!values.is_empty()).then(|| values.join(",")))
}
