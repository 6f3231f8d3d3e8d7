//! The OpenAPI document: its head, and the refusals that all routes of a kind have in common.

use ecotrack_chassis::error::Problem;
use utoipa::{
    OpenApi as _,
    openapi::{
        ContentBuilder, Header, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder,
        header::HeaderBuilder,
        path::{Operation, ParameterIn},
        schema::{ObjectBuilder, Type},
    },
};

use crate::domain::Role;

/// Media type of a refusal.
const PROBLEM_JSON: &str = "application/problem+json";

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "user-service",
        description = "Accounts, profiles, sessions, roles, and the keys of tokens"
    ),
    components(schemas(Problem, Role)),
    tags(
        (name = "accounts", description = "Opening an account"),
        (name = "sessions", description = "Logging in and out"),
        (name = "profiles", description = "What customers say of themselves"),
        (name = "administration", description = "For admins only"),
        (name = "keys", description = "What tokens are checked with"),
    )
)]
struct Document;

/// The document without its paths.
pub(super) fn head() -> OpenApi {
    Document::openapi()
}

/// The document with the refusals that follow from what an operation takes.
pub(super) fn complete(mut openapi: OpenApi) -> OpenApi {
    for item in openapi.paths.paths.values_mut() {
        for operation in operations(item) {
            for (status, description) in refusals(operation) {
                let responses = &mut operation.responses.responses;
                responses.entry(status.to_owned()).or_insert_with(|| refusal(status, description));
            }
        }
    }
    openapi
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete]
        .into_iter()
        .flatten()
}

fn refusals(operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let takes = |place: ParameterIn| {
        let parameters = operation.parameters.iter().flatten();
        parameters.into_iter().any(|parameter| match parameter {
            RefOr::T(parameter) => parameter.parameter_in == place,
            RefOr::Ref(_) => false,
        })
    };
    let is_signed_in = operation.security.is_some();
    let mut refusals = vec![
        ("400", "The request cannot be read"),
        ("406", "Something other than JSON is asked for"),
        ("503", "Not now; the header Retry-After says when"),
    ];
    if operation.request_body.is_some() {
        refusals.push(("413", "The body is too large"));
        refusals.push(("415", "The body is not application/json"));
    }
    if operation.request_body.is_some() || takes(ParameterIn::Query) {
        refusals.push(("422", "Values that are not valid, each with its JSON pointer"));
    }
    if is_signed_in {
        refusals.push(("401", "A valid access token of a living session is required"));
    }
    if is_signed_in || takes(ParameterIn::Path) {
        refusals.push(("404", "Not there, not the caller's, or the caller's account is gone"));
    }
    refusals
}

fn refusal(status: &str, description: &str) -> RefOr<Response> {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new().description(description).content(PROBLEM_JSON, problem);
    match status {
        "503" => response.header("Retry-After", retry_after()).build().into(),
        _ => response.build().into(),
    }
}

fn retry_after() -> Header {
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    HeaderBuilder::new()
        .schema(Some(seconds))
        .description(Some("Seconds until a try may help"))
        .build()
}
