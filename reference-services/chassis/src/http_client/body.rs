//! The body of an answer. Whoever answers may be outside, so no more of it is read than anybody has a reason to say.

use ecotrack_events::Fault;
use reqwest::Response;
use serde::{Deserialize, de::DeserializeOwned};

use super::call::Call;
use crate::error::code_of;

/// Largest body of an answer, in bytes.
const LIMIT: usize = 1024 * 1024;

/// Why the body of an answer could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// It did not come to its end, or not in time.
    #[error("the body of the answer did not come")]
    Broken(#[source] reqwest::Error),
    /// It is longer than anything we ask for.
    #[error("the body of the answer is longer than {LIMIT} bytes")]
    TooLarge,
    /// It is not what was agreed.
    #[error("the body of the answer is of another shape")]
    Shape(#[source] Fault),
}

/// Of a problem document, what kind of problem it is.
#[derive(Deserialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: String,
}

/// Reads the JSON of an answer. The breaker it came through hears whether it came to its end.
pub async fn json<T: DeserializeOwned>(mut response: Response) -> Result<T, BodyError> {
    let call = Call::of(&mut response);
    let body = read(&mut response).await;
    if let Some(call) = call {
        call.ended(!matches!(body, Err(BodyError::Broken(_))));
    }
    serde_json::from_slice(&body?).map_err(|error| BodyError::Shape(error.into()))
}

/// The code of the problem document of ours that an answer is; nothing when it is none.
pub(super) async fn problem(response: Response) -> Option<String> {
    let Kind { kind } = json(response).await.ok()?;
    code_of(&kind).map(str::to_owned)
}

async fn read(response: &mut Response) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) =
        response.chunk().await.map_err(|error| BodyError::Broken(error.without_url()))?
    {
        if body.len() + chunk.len() > LIMIT {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_of_another_shape_is_told_of_without_its_content() {
        let answer = axum::http::Response::new(r#"{"amount": "4242424242424242"}"#);
        let read = json::<std::collections::BTreeMap<String, u64>>(Response::from(answer)).await;
        let told = format!("{:#}", anyhow::Error::from(read.unwrap_err()));
        assert!(told.contains("another shape at line 1") && !told.contains("4242"), "{told}");
    }
}
