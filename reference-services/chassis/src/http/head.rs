//! What a request's head must be like before anybody looks at what it wants.

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, Uri, header},
};
use percent_encoding::percent_decode_str;

use crate::error::ApiError;

/// Longest address, in bytes.
const MAX_URI: usize = 8 * 1024;
/// Largest headers, in bytes. The server itself reads up to twice as much, so that the refusal is in our words.
const MAX_HEADERS: usize = 32 * 1024;
/// Query parameters in which others carry tokens. An address is logged everywhere, a token must not be.
const TOKENS: [&str; 4] = ["access_token", "authorization", "jwt", "token"];

/// Why a head is refused.
pub(super) fn refusal(request: &Request) -> Option<ApiError> {
    of_uri(request.uri()).or_else(|| of_headers(request.headers()))
}

fn of_uri(uri: &Uri) -> Option<ApiError> {
    let text = uri.path_and_query().map_or("", |path| path.as_str());
    if text.len() > MAX_URI {
        let detail = "the address is too long";
        return Some(ApiError::new(StatusCode::URI_TOO_LONG, "uri-too-long", detail));
    }
    match percent_decode_str(text).decode_utf8() {
        Err(_) => Some(ApiError::bad_request("the address is not valid UTF-8")),
        Ok(text) if text.contains('\0') => {
            Some(ApiError::bad_request("the address contains a NUL character"))
        }
        Ok(_) => has_token(uri.query()?).then(ApiError::unauthenticated),
    }
}

fn has_token(query: &str) -> bool {
    query.split('&').any(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        let name = percent_decode_str(name).decode_utf8_lossy();
        TOKENS.iter().any(|token| name.eq_ignore_ascii_case(token))
    })
}

fn of_headers(headers: &HeaderMap) -> Option<ApiError> {
    let size: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len())
        .sum();
    if size > MAX_HEADERS {
        let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
        return Some(ApiError::new(status, "headers-too-large", "the headers are too large"));
    }
    if headers.get_all(header::AUTHORIZATION).iter().count() > 1 {
        // Two hops may each read another one.
        return Some(ApiError::bad_request("more than one Authorization header"));
    }
    if !accepts_json(headers) {
        let detail = "the answer is application/json";
        return Some(ApiError::new(StatusCode::NOT_ACCEPTABLE, "not-acceptable", detail));
    }
    None
}

/// Whether a client takes what we answer. One that does not say takes anything.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut ranges = headers.get_all(header::ACCEPT).iter().peekable();
    ranges.peek().is_none()
        || ranges
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(takes_json)
}

fn takes_json(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let is_refused = parts.any(|parameter| {
        let quality = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="));
        quality.is_some_and(|quality| quality.parse::<f32>().is_ok_and(|quality| quality <= 0.0))
    });
    ["*/*", "application/*", "application/json", "application/problem+json"]
        .iter()
        .any(|ours| kind.eq_ignore_ascii_case(ours))
        && !is_refused
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn accepted(value: &'static str) -> bool {
        let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(value))]);
        accepts_json(&headers)
    }

    #[test]
    fn a_client_that_takes_json_is_served() {
        assert!(accepts_json(&HeaderMap::new()));
        for good in
            ["*/*", "application/json", "text/html, application/*;q=0.1", "Application/JSON"]
        {
            assert!(accepted(good), "{good}");
        }
        for bad in ["text/html", "application/xml, text/*", "application/json;q=0", ""] {
            assert!(!accepted(bad), "{bad}");
        }
    }

    #[test]
    fn a_token_in_the_query_is_found_however_it_is_written() {
        for bad in ["access_token=x", "a=1&TOKEN=x", "acc%65ss_token=x", "jwt"] {
            assert!(has_token(bad), "{bad}");
        }
        for good in ["", "query=token", "tokens=1", "page_token=x"] {
            assert!(!has_token(good), "{good}");
        }
    }
}
