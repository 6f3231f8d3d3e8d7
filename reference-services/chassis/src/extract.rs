//! Extractors that refuse bad input the way the project answers it: as problem documents with JSON pointers.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use crate::error::{ApiError, Violation};

/// A JSON body. Give its type `#[serde(deny_unknown_fields)]`: what a client may not set, it may not send.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            let detail = "the body must be application/json";
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                detail,
            ));
        }
        let body = Bytes::from_request(request, state).await.map_err(unreadable)?;
        parse(&body).map(Self)
    }
}

/// A path's parameters. One that does not parse cannot name anything we have: 404.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value)).map_err(|error| match error.status() {
            StatusCode::INTERNAL_SERVER_ERROR => ApiError::internal(error),
            _ => ApiError::not_found(),
        })
    }
}

/// A query string's parameters.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|error| ApiError::invalid_field("", error.body_text()))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = value.and_then(|text| text.split(';').next()).map(str::trim);
    essence.is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
}

fn unreadable(rejection: BytesRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "the body is too large")
    } else {
        ApiError::bad_request("the body could not be read").caused_by(rejection)
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // PostgreSQL has no NUL in text; refusing it here spares every field its own check.
    if body.windows(6).any(|window| window == br"\u0000") {
        return Err(ApiError::bad_request("the body contains a NUL character"));
    }
    // serde would take an array for an object, its fields by position.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(ApiError::invalid_field("", "expected an object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = pointer(error.path());
        refusal(pointer, &error.into_inner())
    })?;
    deserializer.end().map_err(|error| refusal(String::new(), &error))?;
    Ok(value)
}

fn refusal(pointer: String, error: &serde_json::Error) -> ApiError {
    if error.is_data() {
        // The position serde appends is of the text; the pointer says more.
        let text = error.to_string();
        let detail = text.split(" at line ").next().unwrap_or(&text).to_owned();
        ApiError::invalid(vec![Violation::new(pointer, detail)])
    } else {
        ApiError::bad_request("the body is not well-formed JSON")
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    let segment = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    };
    path.iter().map(segment).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[allow(dead_code, reason = "only its parsing is of interest")]
        items: Vec<u32>,
    }

    fn status_of(body: &[u8]) -> Option<StatusCode> {
        parse::<Order>(body).err().map(|error| error.status())
    }

    #[test]
    fn a_valid_body_is_read() {
        assert_eq!(status_of(br#"{"items":[1,2]}"#), None);
    }

    #[test]
    fn text_that_is_not_json_is_a_bad_request() {
        let nul = br#"{"a":"\u0000"}"#;
        for body in [&b"{"[..], b"", br#"{"items":[]} {}"#, b"\xff", b"{\"items\":[1\x00]}", nul] {
            assert_eq!(status_of(body), Some(StatusCode::BAD_REQUEST), "{body:?}");
        }
    }

    #[test]
    fn json_of_another_shape_is_unprocessable() {
        let deep = [b'['; 10_000];
        let bodies = [
            &br#"{"items":"x"}"#[..],
            br#"{"items":[-1]}"#,
            br#"{"items":[],"price":1}"#,
            b"[[1]]",
            b"{}",
            &deep,
        ];
        for body in bodies {
            assert_eq!(status_of(body), Some(StatusCode::UNPROCESSABLE_ENTITY), "{body:?}");
        }
    }

    #[test]
    fn the_pointer_leads_to_the_wrong_value() {
        let mut deserializer = serde_json::Deserializer::from_slice(br#"{"items":[1,"x"]}"#);
        let error = serde_path_to_error::deserialize::<_, Order>(&mut deserializer).unwrap_err();
        assert_eq!(pointer(error.path()), "/items/1");
    }
}
