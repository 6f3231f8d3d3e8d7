//! user-service: whether the customer still exists.

use axum::http::StatusCode;
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::http_client::ServiceClient;
use ecotrack_chassis::{ApiError, ApiResult};
use serde::Deserialize;

/// Asks user-service.
#[derive(Clone)]
pub(crate) struct Profiles(ServiceClient);

/// That there is a profile is all we need of it.
#[derive(Deserialize)]
struct Profile {}

impl Profiles {
    /// Asks through this client.
    #[must_use]
    pub(crate) const fn new(client: ServiceClient) -> Self {
        Self(client)
    }

    /// Refuses a caller whose account is gone although the token still lives.
    pub(crate) async fn require(&self, caller: &Caller) -> ApiResult<()> {
        let path = format!("/api/users/{}", caller.user_id);
        match self.0.get::<Profile>(&path, Some(&caller.token)).await {
            Ok(Profile {}) => Ok(()),
            Err(error) => match error.status() {
                Some(StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) => {
                    Err(ApiError::forbidden().caused_by(error))
                }
                Some(StatusCode::UNAUTHORIZED) => Err(ApiError::unauthenticated().caused_by(error)),
                _ => Err(ApiError::unavailable(error)),
            },
        }
    }
}
