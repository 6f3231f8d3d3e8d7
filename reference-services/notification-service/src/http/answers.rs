//! What any route may answer instead of what was asked for, for the description of the interface.

use ecotrack_chassis::error::Problem;
use utoipa::IntoResponses;

/// Refusals of every route.
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

/// Refusals of routes for users.
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

/// Refusals of routes about one thing.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum Missing {
    /// It is not there, or not the caller's.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
}

/// Refusals of routes that take values.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum Invalid {
    /// A value is not valid; its JSON pointer is in `errors`.
    #[response(status = 422, content_type = "application/problem+json")]
    Invalid(Problem),
}

/// Refusals of routes that take a JSON document.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum BadBody {
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is not declared as JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
}

/// Refusals of routes that take what is signed. Whether the signature or the body is wrong, only the log says.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum BadReport {
    /// More than 256 KiB.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
}
