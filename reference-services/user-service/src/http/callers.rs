//! Who calls: somebody with a session that lives, and admins among them.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};
use chrono::Utc;
use ecotrack_chassis::{
    ApiError,
    auth::{self, Caller, Verifier},
};

use crate::sessions::{Sessions, Standing};

/// A caller whose session lives. The token alone says only that it did a quarter of an hour ago.
pub(super) struct SignedIn(pub(super) Caller);

/// A caller whose session lives and who may run the shop.
pub(super) struct Admin(pub(super) Caller);

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    Verifier: FromRef<S>,
    Sessions: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        match Sessions::from_ref(state).standing(&caller).await? {
            Standing::Until(end) if end > Utc::now() => Ok(Self(caller)),
            Standing::Until(_) | Standing::Ended => Err(ApiError::unauthenticated()),
            // The account was erased: whatever is asked of it is not there.
            Standing::Gone => Err(ApiError::not_found()),
        }
    }
}

impl<S> FromRequestParts<S> for Admin
where
    S: Send + Sync,
    Verifier: FromRef<S>,
    Sessions: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let SignedIn(caller) = SignedIn::from_request_parts(parts, state).await?;
        auth::Admin::try_from(caller).map(|auth::Admin(caller)| Self(caller))
    }
}
