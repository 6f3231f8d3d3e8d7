//! The refusals that routes have in common, in the description of the interface: they follow from what a route takes, because it is
//! the chassis that refuses. What a route says of a status itself stands.

use utoipa::{
    OpenApi as _,
    openapi::{
        ContentBuilder, Header, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder,
        header::HeaderBuilder,
        path::{Operation, Parameter, ParameterIn},
        schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type},
    },
};

use crate::error::{PROBLEM_JSON, Problem};

/// Header of what is believed for its signature over the bytes as they came, not for a token.
const SIGNATURE: &str = "webhook-signature";

/// What all documents have.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(Problem)))]
struct Common;

/// Adds to every operation the refusals that it does not describe itself.
#[must_use]
pub fn with_refusals(mut openapi: OpenApi) -> OpenApi {
    for item in openapi.paths.paths.values_mut() {
        for operation in operations(item) {
            for (status, description) in refusals(operation) {
                let responses = &mut operation.responses.responses;
                responses.entry(status.to_owned()).or_insert_with(|| refusal(status, description));
            }
        }
    }
    openapi.merge(Common::openapi());
    openapi
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete]
        .into_iter()
        .flatten()
}

fn refusals(operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let (has_body, is_read_raw) = (operation.request_body.is_some(), is_signed(operation));
    let mut refusals = vec![
        ("400", "The request cannot be read."),
        ("406", "No answer in a form the client takes."),
        ("503", "Something the service needs is away, or it is too busy."),
    ];
    if operation.security.is_some() {
        refusals.push(("401", "No valid access token."));
    }
    if takes(operation, &ParameterIn::Path) {
        refusals.push(("404", "It is not there, or not the caller's."));
    }
    if has_body {
        refusals.push(("413", "The body is too large."));
    }
    if has_body && !is_read_raw {
        refusals.push(("415", "The body is not declared as JSON."));
    }
    if (has_body && !is_read_raw) || takes(operation, &ParameterIn::Query) {
        refusals.push(("422", "A value is not valid; its JSON pointer is in `errors`."));
    }
    refusals
}

fn takes(operation: &Operation, place: &ParameterIn) -> bool {
    parameters(operation).any(|parameter| parameter.parameter_in == *place)
}

fn is_signed(operation: &Operation) -> bool {
    parameters(operation).any(|parameter| parameter.name == SIGNATURE)
}

fn parameters(operation: &Operation) -> impl Iterator<Item = &Parameter> {
    operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    })
}

fn refusal(status: &str, description: &str) -> RefOr<Response> {
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let response = ResponseBuilder::new().description(description).content(PROBLEM_JSON, problem);
    match status {
        "401" => response.header("www-authenticate", header(text(), "`Bearer`")).build().into(),
        "503" => response.header("retry-after", header(number(), "seconds")).build().into(),
        _ => response.build().into(),
    }
}

fn header(kind: ObjectBuilder, description: &str) -> Header {
    HeaderBuilder::new().schema(Some(kind)).description(Some(description)).build()
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn number() -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(format)).minimum(Some(0))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// A document with one operation, as it is in the end.
    fn completed(operation: &Value) -> Value {
        let document = json!({"openapi": "3.1.0", "info": {"title": "t", "version": "1"},
            "paths": {"/things": {"post": operation}}});
        serde_json::to_value(with_refusals(serde_json::from_value(document).unwrap())).unwrap()
    }

    fn statuses(operation: &Value) -> Vec<String> {
        let document = completed(operation);
        assert!(document["components"]["schemas"]["Problem"].is_object());
        let responses = document["paths"]["/things"]["post"]["responses"].as_object().unwrap();
        responses.keys().cloned().collect()
    }

    fn parameter(place: &str, name: &str) -> Value {
        json!({"in": place, "name": name, "required": true, "schema": {"type": "string"}})
    }

    #[test]
    fn what_an_operation_takes_decides_how_it_may_refuse() {
        let bare = json!({"responses": {}});
        assert_eq!(statuses(&bare), ["400", "406", "503"]);
        let search = json!({"responses": {}, "parameters": [parameter("query", "q")]});
        assert_eq!(statuses(&search), ["400", "406", "422", "503"]);
        let body = json!({"content": {"application/json": {}}});
        let full = json!({"responses": {}, "requestBody": body, "security": [{"bearer": []}],
            "parameters": [parameter("path", "id")]});
        assert_eq!(statuses(&full), ["400", "401", "404", "406", "413", "415", "422", "503"]);
        let signed = json!({"responses": {}, "requestBody": body,
            "parameters": [parameter("header", SIGNATURE)]});
        assert_eq!(statuses(&signed), ["400", "406", "413", "503"]);
    }

    #[test]
    fn what_an_operation_says_itself_stands() {
        let own = json!({"responses": {"404": {"description": "Its own words"}},
            "parameters": [parameter("path", "id")]});
        let said = &completed(&own)["paths"]["/things"]["post"]["responses"]["404"];
        assert_eq!(said["description"], "Its own words");
    }
}
