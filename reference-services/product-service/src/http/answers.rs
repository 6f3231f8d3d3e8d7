//! Refusals of several routes that only this service knows, for the description of the interface.

use ecotrack_chassis::error::Problem;
use utoipa::IntoResponses;

/// Refusals of routes for administrators.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum NotAdmin {
    /// Not an administrator.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
}

/// Refusals of routes about one version of a product.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum Outdated {
    /// The product was changed meanwhile.
    #[response(status = 412, content_type = "application/problem+json")]
    VersionDiffers(Problem),
}
