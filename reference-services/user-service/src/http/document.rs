//! The OpenAPI document: its head, and the one refusal that all routes of a signed-in caller have in common here.

use ecotrack_chassis::{error::Problem, openapi::with_refusals};
use utoipa::{
    IntoResponses, OpenApi as _,
    openapi::{OpenApi, PathItem, path::Operation},
};

use crate::domain::Role;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "user-service",
        description = "Accounts, profiles, sessions, roles, and the keys of tokens"
    ),
    components(schemas(Role)),
    tags(
        (name = "accounts", description = "Opening an account"),
        (name = "sessions", description = "Logging in and out"),
        (name = "profiles", description = "What customers say of themselves"),
        (name = "administration", description = "For admins only"),
        (name = "keys", description = "What tokens are checked with"),
    )
)]
struct Document;

/// Elsewhere a token is good until it expires; here it is known when its account is gone.
#[derive(IntoResponses)]
#[allow(dead_code, reason = "only its description is used")]
enum Gone {
    /// Not there, not the caller's, or the caller's account is gone.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
}

/// The document without its paths.
pub(super) fn head() -> OpenApi {
    Document::openapi()
}

/// The document with the refusals that follow from what an operation takes.
pub(super) fn complete(mut openapi: OpenApi) -> OpenApi {
    for item in openapi.paths.paths.values_mut() {
        for operation in operations(item).filter(|operation| operation.security.is_some()) {
            operation.responses.responses.extend(Gone::responses());
        }
    }
    with_refusals(openapi)
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete]
        .into_iter()
        .flatten()
}
