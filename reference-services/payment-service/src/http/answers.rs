//! What any route may answer instead of what was asked for, for the description of the interface.

use ecotrack_chassis::error::Problem;
use utoipa::IntoResponses;

/// Refusals that every route has.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum Refused {
    /// The request cannot be read.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// No valid access token.
    #[response(
        status = 401,
        content_type = "application/problem+json",
        headers(("www-authenticate" = String, description = "`Bearer`"))
    )]
    Unauthenticated(Problem),
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

/// Refusals of routes about one order or payment.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum NotYours {
    /// It is not there, or it is somebody else's.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
}

/// Refusals of routes that take a body.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum BadBody {
    /// The body is larger than a request of this kind can be.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is not declared as JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
}

/// The refusal of routes that need no token when something is away.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
pub(super) enum Unavailable {
    /// Something the service needs is away, or it is too busy.
    #[response(
        status = 503,
        content_type = "application/problem+json",
        headers(("retry-after" = u64, description = "seconds"))
    )]
    Unavailable(Problem),
}
