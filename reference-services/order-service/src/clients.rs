//! The services that order-service asks.

mod catalogue;
mod profiles;

use ecotrack_chassis::ApiError;
use ecotrack_chassis::http_client::ClientError;

pub(crate) use catalogue::Catalogue;
pub(crate) use profiles::{Knowledge, Profiles};

/// 503 because a neighbour is away, with the time after which it is asked again where that is known.
fn away(error: ClientError) -> ApiError {
    match error.retry_after() {
        Some(after) => ApiError::unavailable(error).retry_after(after),
        None => ApiError::unavailable(error),
    }
}
