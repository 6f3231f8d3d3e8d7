//! Extractors that refuse bad input the way the project answers it: as problem documents with JSON pointers.

mod json;
mod strict;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
};
use serde::{Deserializer, de::DeserializeOwned};
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::{
    error::{ApiError, Violation},
    http::SlowBody,
};
use json::{Odd, find_odd};
use strict::Strict;

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
        let Raw(body) = Raw::from_request(request, state).await?;
        parse(&body).map(Self)
    }
}

/// A body as it came, for what is signed over its bytes. Give its route a [`axum::extract::DefaultBodyLimit`].
#[derive(Debug)]
pub struct Raw(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        Bytes::from_request(request, state).await.map(Self).map_err(unreadable)
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

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let pairs = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
            .map(Self)
            .map_err(|error| {
                let pointer = pointer(error.path());
                ApiError::invalid_field(pointer, without_values(&error.into_inner().to_string()))
            })
    }
}

/// JSON in UTF-8, as it is: we know no other charset and unpack nothing.
fn is_json(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or("?"));
    let is_plain = text(header::CONTENT_ENCODING)
        .is_none_or(|encoding| encoding.eq_ignore_ascii_case("identity"));
    let mut parts = text(header::CONTENT_TYPE).unwrap_or_default().split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    let is_utf8 = parts.all(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        !name.eq_ignore_ascii_case("charset")
            || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
    });
    is_plain && is_json && is_utf8
}

fn unreadable(rejection: BytesRejection) -> ApiError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "the body is too large")
    } else if SlowBody::is_cause_of(&rejection) {
        let detail = "the body did not come in time";
        ApiError::new(StatusCode::REQUEST_TIMEOUT, "body-too-slow", detail)
    } else {
        ApiError::bad_request("the body could not be read").caused_by(rejection)
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    match find_odd(body) {
        Some(Odd::Nul) => {
            return Err(ApiError::bad_request("the body contains a NUL character"));
        }
        Some(Odd::Deep) => return Err(ApiError::bad_request("the body is nested too deeply")),
        None => {}
    }
    let document: Value = serde_json::from_slice(body).map_err(|error| {
        ApiError::bad_request("the body is not well-formed JSON").caused_by(error)
    })?;
    // The text itself first: a document no longer knows that a field came twice.
    typed::<T, _>(&mut serde_json::Deserializer::from_slice(body))?;
    typed(Strict(document))
}

fn typed<'de, T: DeserializeOwned, D>(document: D) -> Result<T, ApiError>
where
    D: Deserializer<'de, Error = serde_json::Error>,
{
    serde_path_to_error::deserialize(document).map_err(|error| {
        let pointer = pointer(error.path());
        // The position serde appends is of the text; the pointer says more.
        let text = error.into_inner().to_string();
        let detail = without_values(text.split(" at line ").next().unwrap_or(&text));
        ApiError::invalid(vec![Violation::new(pointer, detail)])
    })
}

/// What serde says, without the value it says it about: that may be a password in the wrong place.
fn without_values(text: &str) -> String {
    match text.split_once(", expected ") {
        _ if text.starts_with("unknown field") => "unknown field".to_owned(),
        Some((_, expected)) => format!("expected {expected}"),
        None => text.to_owned(),
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
        let deep = [b'['; 10_000];
        let bodies =
            [&b"{"[..], b"", br#"{"items":[]} {}"#, b"\xff", b"{\"items\":[1\x00]}", nul, &deep];
        for body in bodies {
            assert_eq!(status_of(body), Some(StatusCode::BAD_REQUEST), "{body:?}");
        }
    }

    #[test]
    fn json_of_another_shape_is_unprocessable() {
        let bodies = [
            &br#"{"items":"x"}"#[..],
            br#"{"items":[-1]}"#,
            br#"{"items":[],"price":1}"#,
            b"[[1]]",
            b"{}",
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
