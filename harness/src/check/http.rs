//! What an HTTP answer should be, and who gave it.

use super::{Checked, judge};
use crate::services::Answer;

/// What Envoy says when its authorisation refuses.
const MESH_REFUSAL: &str = "RBAC: access denied";
/// Media type of RFC 9457.
const PROBLEM: &str = "application/problem+json";

/// The answer has this status.
pub fn status(expected: u16) -> impl Fn(&Answer) -> Checked {
    move |answer| judge(answer.status == expected, format!("status {expected}"), answer)
}

/// The mesh itself refused: 403 with Envoy's own words, which no service uses.
pub fn refused_by_the_mesh(answer: &Answer) -> Checked {
    judge(
        answer.status == 403 && answer.text.trim() == MESH_REFUSAL,
        format!("403 with `{MESH_REFUSAL}` from the mesh"),
        answer,
    )
}

/// The service answered, whatever it said: the mesh let the request through.
pub fn answered_by_the_service(answer: &Answer) -> Checked {
    let by_service = answer.status < 500
        && answer.text.trim() != MESH_REFUSAL
        && answer.header("x-correlation-id").is_some();
    judge(by_service, "an answer by the service itself, with its x-correlation-id", answer)
}

/// A problem document of RFC 9457 with this status and the trace id of the request.
pub fn problem(expected: u16) -> impl Fn(&Answer) -> Checked {
    move |answer| {
        let media_type = answer.header("content-type").unwrap_or_default();
        let json = answer.json();
        let shaped = media_type.starts_with(PROBLEM)
            && json["status"] == expected
            && json["title"].is_string()
            && json["trace_id"].is_string();
        judge(
            answer.status == expected && shaped,
            format!("{expected} as {PROBLEM} with title, status and trace_id"),
            format!("{answer} as {media_type}"),
        )
    }
}

/// The answer carries every one of these headers, none of them empty.
pub fn headers<'a>(names: &'a [&'a str]) -> impl Fn(&Answer) -> Checked + 'a {
    move |answer| {
        let missing: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| answer.header(name).is_none_or(str::is_empty))
            .collect();
        judge(
            missing.is_empty(),
            format!("headers {}", names.join(", ")),
            format!("{answer} without {missing:?}"),
        )
    }
}

/// The header has exactly this value.
pub fn header<'a>(name: &'a str, expected: &'a str) -> impl Fn(&Answer) -> Checked + 'a {
    move |answer| {
        judge(
            answer.header(name) == Some(expected),
            format!("header {name}: {expected}"),
            format!("{:?}", answer.header(name)),
        )
    }
}

/// Two answers that nobody can tell apart: same status, same body but for ids of the request.
pub fn alike(first: &Answer, second: &Answer) -> Checked {
    let same = first.status == second.status && without_ids(first) == without_ids(second);
    judge(same, "two answers that look alike", format!("{first} and {second}"))
}

/// The document without what differs from request to request.
fn without_ids(answer: &Answer) -> serde_json::Value {
    let mut json = answer.json();
    if let Some(fields) = json.as_object_mut() {
        for name in ["trace_id", "instance", "correlation_id", "request_id"] {
            fields.remove(name);
        }
    }
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], text: &str) -> Answer {
        let headers =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status, headers, text: text.to_owned() }
    }

    #[test]
    fn a_refusal_of_the_mesh_is_told_from_a_refusal_of_the_service() {
        let mesh = answer(403, &[("content-type", "text/plain")], "RBAC: access denied");
        let service = answer(403, &[("x-correlation-id", "c")], r#"{"title":"Forbidden"}"#);
        assert!(refused_by_the_mesh(&mesh).is_ok() && answered_by_the_service(&mesh).is_err());
        assert!(
            refused_by_the_mesh(&service).is_err() && answered_by_the_service(&service).is_ok()
        );
    }

    #[test]
    fn an_upstream_that_does_not_answer_is_no_answer_by_the_service() {
        let dead = answer(503, &[], "upstream connect error or disconnect/reset before headers");
        assert!(answered_by_the_service(&dead).is_err());
    }

    #[test]
    fn a_problem_needs_its_media_type_and_its_trace_id() {
        let body = r#"{"title":"Not Found","status":404,"trace_id":"4bf92f35"}"#;
        assert!(
            problem(404)(&answer(404, &[("content-type", "application/problem+json")], body))
                .is_ok()
        );
        assert!(problem(404)(&answer(404, &[("content-type", "application/json")], body)).is_err());
        assert!(
            problem(404)(&answer(
                404,
                &[("content-type", "application/problem+json")],
                r#"{"title":"x","status":404}"#
            ))
            .is_err()
        );
    }

    #[test]
    fn answers_that_differ_only_in_their_ids_look_alike() {
        let one = answer(401, &[], r#"{"title":"Unauthorized","trace_id":"a"}"#);
        let two = answer(401, &[], r#"{"title":"Unauthorized","trace_id":"b"}"#);
        let other = answer(401, &[], r#"{"title":"No such user","trace_id":"c"}"#);
        assert!(alike(&one, &two).is_ok());
        assert!(alike(&one, &other).unwrap_err().to_string().contains("No such user"));
    }

    #[test]
    fn a_missing_header_is_named() {
        let seen = answer(200, &[("x-trace-id", "a")], "");
        assert!(headers(&["x-trace-id"])(&seen).is_ok());
        assert!(
            headers(&["x-trace-id", "x-span-id"])(&seen)
                .unwrap_err()
                .to_string()
                .contains("x-span-id")
        );
    }
}
