//! Canaries: values that must never come out, and a search for them in whatever did.

use axum::http::HeaderMap;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::form_urlencoded;
use uuid::Uuid;

use super::Answer;

/// A value that must never come out.
#[derive(Debug, Clone)]
pub struct Canary {
    /// What it stands for, for example `password`.
    pub name: &'static str,
    /// The value.
    pub value: String,
}

impl Canary {
    /// A value nobody else has, in the shape of what it stands for: `{}` is where it becomes unique.
    #[must_use]
    pub fn new(name: &'static str, shape: &str) -> Self {
        Self { name, value: shape.replace("{}", &Uuid::new_v4().simple().to_string()) }
    }

    /// The first form of it that an output contains.
    #[must_use]
    pub fn find_in(&self, output: &str) -> Option<String> {
        self.forms().into_iter().find(|form| output.contains(form.as_str()))
    }

    /// Raw, escaped, in hexadecimal, percent-encoded as much and as little as is usual, and in base64 at every offset it can have in
    /// a longer text.
    fn forms(&self) -> Vec<String> {
        let value = self.value.as_str();
        let hex = hex(value);
        let escaped = value.escape_debug().to_string();
        let percent = utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
        let form: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let uri = form.replace('+', "%20");
        let mut forms = vec![value.to_owned(), escaped, hex, percent, form, uri];
        for offset in 0..3 {
            forms.push(inner_base64(&STANDARD_NO_PAD, value, offset));
            forms.push(inner_base64(&URL_SAFE_NO_PAD, value, offset));
        }
        forms
    }
}

/// What base64 makes of a value that begins so many bytes into a group of three: without the characters its neighbours change.
fn inner_base64(engine: &impl base64::Engine, value: &str, offset: usize) -> String {
    let padded = [&vec![0; offset], value.as_bytes()].concat();
    let text = engine.encode(padded);
    let from = if offset == 0 { 0 } else { offset + 1 };
    text[from..text.len() - 2].to_owned()
}

fn hex(value: &str) -> String {
    value.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// Every canary that an output contains, with the form it has there.
#[must_use]
pub fn leaks(canaries: &[Canary], output: &str) -> Vec<(&'static str, String)> {
    canaries.iter().filter_map(|canary| Some((canary.name, canary.find_in(output)?))).collect()
}

/// Headers as one text, to be searched.
#[must_use]
pub fn text_of(headers: &HeaderMap) -> String {
    format!("{headers:?}")
}

/// Headers and bodies of answers as one text, to be searched.
#[must_use]
pub fn text_of_all(answers: &[Answer]) -> String {
    answers.iter().map(|answer| text_of(&answer.headers) + &answer.text).collect()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use url::Url;

    use super::*;

    fn is_found(output: &str, canary: &Canary) -> bool {
        !leaks(std::slice::from_ref(canary), output).is_empty()
    }

    #[test]
    fn a_planted_leak_is_found_in_every_form() {
        let canary = Canary::new("key", "--BEGIN {}\nää \"quoted\"--");
        let value = &canary.value;
        let hex = hex(value);
        let planted = [
            format!("before {value} after"),
            format!("{value:?}"),
            serde_json::json!({"a": {"b": [value]}}).to_string().replace("\\u00e4", "ä"),
            format!("/path?x={}", utf8_percent_encode(value, NON_ALPHANUMERIC)),
            Url::parse_with_params("http://localhost", [("x", value)]).unwrap().to_string(),
            hex,
        ];
        for output in planted {
            assert!(is_found(&output, &canary), "{output}");
        }
        for before in ["", "a", "ab", "abc", "user:"] {
            let output = STANDARD_NO_PAD.encode(format!("{before}{value}:after"));
            assert!(is_found(&output, &canary), "{before:?}");
            let output = URL_SAFE_NO_PAD.encode(format!("{before}{value}"));
            assert!(is_found(&output, &canary), "{before:?}");
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_is() {
        let (canary, other) = (Canary::new("a", "x-{}"), Canary::new("b", "x-{}"));
        assert!(!is_found(
            &format!("{} {}", other.value, STANDARD_NO_PAD.encode(&other.value)),
            &canary
        ));
        assert!(!is_found("", &canary));
    }
}
