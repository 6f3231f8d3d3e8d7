//! What routes may answer instead of what was asked for, for the description of the interface.

use ecotrack_chassis::error::Problem;
use utoipa::IntoResponses;

/// Refusals that every route has.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum Refused {
    /// The request cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// No answer in a form the client takes.
    #[response(status = 406, content_type = "application/problem+json")]
    NotAcceptable(Problem),
    /// Something the service needs is away, or it is too busy.
    #[response(
        status = 503,
        content_type = "application/problem+json",
        headers(("retry-after" = u64, description = "seconds"))
    )]
    Unavailable(Problem),
}

/// Refusals of routes that ask who it is.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum Unknown {
    /// No valid access token.
    #[response(
        status = 401,
        content_type = "application/problem+json",
        headers(("www-authenticate" = String, description = "`Bearer`"))
    )]
    Unauthenticated(Problem),
}

/// Refusals of routes for administrators.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum NotAdmin {
    /// Not an administrator.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
}

/// Refusals of routes about one thing.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum NotThere {
    /// There is no such thing, or it is archived.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
}

/// Refusals of routes about one version of a product.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum Outdated {
    /// The product was changed meanwhile.
    #[response(status = 412, content_type = "application/problem+json")]
    VersionDiffers(Problem),
}

/// Refusals of routes that take a body.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum BadBody {
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is not declared as JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
    /// The body has values that are not valid; each is named.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
}
