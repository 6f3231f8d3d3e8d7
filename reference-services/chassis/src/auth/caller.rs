//! The extractors that make a route ask for a token, and for the right to run the shop.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use uuid::Uuid;

use super::{AuthError, Token, Verifier};
use crate::{context, error::ApiError};

const BEARER: &str = "Bearer ";
/// The role of those who run the shop.
const ADMIN: &str = "admin";

/// The authenticated caller. A handler that takes it refuses requests without a valid token.
#[derive(Clone)]
pub struct Caller {
    /// The user.
    pub user_id: Uuid,
    /// The session the token belongs to.
    pub session_id: Uuid,
    /// What the user may do.
    pub roles: Vec<String>,
    /// The token, to pass on in calls on the user's behalf.
    pub token: Token,
}

/// An authenticated caller who runs the shop. A handler that takes it before anything else refuses all others whatever they send.
#[derive(Clone)]
pub struct Admin(pub Caller);

impl TryFrom<Caller> for Admin {
    type Error = ApiError;

    fn try_from(caller: Caller) -> Result<Self, ApiError> {
        let is_admin = caller.roles.iter().any(|role| role == ADMIN);
        if is_admin { Ok(Self(caller)) } else { Err(ApiError::forbidden()) }
    }
}

impl<S> FromRequestParts<S> for Admin
where
    S: Send + Sync,
    Verifier: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Caller::from_request_parts(parts, state).await?.try_into()
    }
}

impl Caller {
    /// Refuses everyone but one user, in the words of a missing resource: whose it is, is nobody else's business.
    pub fn require_self(&self, user_id: Uuid) -> Result<(), ApiError> {
        if self.user_id == user_id { Ok(()) } else { Err(ApiError::not_found()) }
    }
}

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Verifier: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers)?;
        let claims =
            Verifier::from_ref(state).verify(token).await.map_err(|error| match error {
                AuthError::NoKeys => ApiError::unavailable(error),
                AuthError::Invalid(_) | AuthError::OtherKind | AuthError::UnknownKey => {
                    ApiError::unauthenticated().caused_by(error)
                }
            })?;
        if let Some(work) = context::current() {
            work.set_user(claims.sub);
            work.set_session(claims.sid);
        }
        Ok(Self {
            user_id: claims.sub,
            session_id: claims.sid,
            roles: claims.roles,
            token: Token::new(token.to_owned()),
        })
    }
}

/// The token of the one Authorization header. Two of them may be read differently by two hops, so that is refused.
fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(ApiError::unauthenticated)?;
    if values.next().is_some() {
        return Err(ApiError::bad_request("more than one Authorization header"));
    }
    let text = value.to_str().ok().and_then(|text| text.strip_prefix(BEARER));
    text.ok_or_else(ApiError::unauthenticated)
}
