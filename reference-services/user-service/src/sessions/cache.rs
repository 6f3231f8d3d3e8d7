//! `user:session`: how sessions stand, so that not every request asks the database.
//!
//! What ends a session writes so in place of what was there, and what was read never overwrites what was written. When Redis is
//! away at that moment it hears of it as soon as it is back: until then an access token may be accepted by this service, too, and
//! at most until it expires.

use chrono::{DateTime, Utc};
use ecotrack_chassis::{
    ApiError, ApiResult,
    cache::{Invalidation, TypedCache},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// It lives until then, unless it is ended.
    Until(DateTime<Utc>),
    /// It was ended.
    Ended,
    /// It is gone, and its user with it.
    Gone,
}

/// A session as Redis holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CachedSession {
    user_id: Uuid,
    standing: Standing,
}

/// The cached sessions. Cheap to clone.
#[derive(Clone)]
pub(crate) struct SessionCache(TypedCache<CachedSession>);

impl SessionCache {
    pub(crate) fn new(sessions: TypedCache<CachedSession>) -> Self {
        Self(sessions)
    }

    /// Notes how sessions of a user stand from now on.
    pub(crate) fn note(
        &self,
        user_id: Uuid,
        sessions: &[Uuid],
        standing: Standing,
    ) -> Invalidation {
        let note = |id: &Uuid| self.0.put(&id.to_string(), &CachedSession { user_id, standing });
        sessions.iter().map(note).fold(self.0.unchanged(), Invalidation::and)
    }

    /// How a session stands. An entry that is another user's is not believed.
    pub(crate) async fn standing<Fut>(
        &self,
        user_id: Uuid,
        session_id: Uuid,
        load: impl Fn() -> Fut,
    ) -> ApiResult<Standing>
    where
        Fut: Future<Output = ApiResult<Standing>>,
    {
        let read = || async { Ok(Some(CachedSession { user_id, standing: load().await? })) };
        match self.0.get_or_load::<ApiError, _>(&session_id.to_string(), read).await? {
            Some(session) if session.user_id == user_id => Ok(session.standing),
            _ => load().await,
        }
    }
}
