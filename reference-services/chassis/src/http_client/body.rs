//! The body of an answer. Whoever answers may be outside, so no more of it is read than anybody has a reason to say.

use reqwest::Response;
use serde::de::DeserializeOwned;

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
    Shape(#[source] serde_json::Error),
}

/// Reads the JSON of an answer.
pub async fn json<T: DeserializeOwned>(mut response: Response) -> Result<T, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) =
        response.chunk().await.map_err(|error| BodyError::Broken(error.without_url()))?
    {
        if body.len() + chunk.len() > LIMIT {
            return Err(BodyError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(BodyError::Shape)
}
