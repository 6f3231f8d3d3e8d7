//! Sessions: begun by a login, ended by a logout.

use std::time::Duration;

use chrono::{DateTime, Utc};
use ecotrack_chassis::{
    ApiResult,
    auth::{Caller, Claims},
    cache::TypedCache,
    context,
    outbox::Outbox,
    postgres::Database,
};
use ecotrack_events::user::{UserLogin, UserLogout};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    domain::{Email, Password},
    keys::KeyRing,
    passwords::Passwords,
    store, tokens,
};

/// A session as Redis holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CachedSession {
    user_id: Uuid,
    expires_at: DateTime<Utc>,
}

/// A login that succeeded.
pub(crate) struct Session {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) access_token: String,
}

/// Begins and ends sessions.
#[derive(Clone)]
pub(crate) struct Sessions {
    database: Database,
    outbox: Outbox,
    passwords: Passwords,
    keys: KeyRing,
    cached: TypedCache<CachedSession>,
}

impl Sessions {
    pub(crate) fn new(
        database: Database,
        outbox: Outbox,
        passwords: Passwords,
        keys: KeyRing,
        cached: TypedCache<CachedSession>,
    ) -> Self {
        Self { database, outbox, passwords, keys, cached }
    }

    /// Begins a session, or nothing: no such user and a wrong password are one answer after the same work.
    pub(crate) async fn begin(
        &self,
        email: &Email,
        password: Password,
    ) -> ApiResult<Option<Session>> {
        let known = {
            let mut connection = self.database.acquire().await?;
            store::users::find_credentials(&mut connection, email.as_str()).await?
        };
        let stored = known.as_ref().map(|known| known.password_hash.clone());
        let is_right = self.passwords.verify(password, stored).await?;
        match known.filter(|_| is_right) {
            Some(known) => self.open(known.user_id, known.roles).await.map(Some),
            None => Ok(None),
        }
    }

    async fn open(&self, user_id: Uuid, roles: Vec<String>) -> ApiResult<Session> {
        let now = Utc::now();
        let claims = tokens::claims(user_id, Uuid::now_v7(), roles, now);
        if let Some(work) = context::current() {
            work.set_user(user_id);
            work.set_session(claims.sid);
        }
        let access_token = self.keys.sign(&claims)?;
        self.record(&claims, now).await?;
        Ok(Session { id: claims.sid, user_id, access_token })
    }

    async fn record(&self, claims: &Claims, now: DateTime<Utc>) -> ApiResult<()> {
        let expires_at = now + tokens::LIFETIME_DELTA;
        let (user_id, session_id) = (claims.sub, claims.sid);
        let mut transaction = self.database.begin().await?;
        store::sessions::insert(&mut transaction, claims, now, expires_at).await?;
        let event = UserLogin { user_id, session_id, logged_in_at: now };
        self.outbox.append(&mut transaction, event).await?;
        self.outbox.commit(transaction).await?;
        self.cached.put(&session_id.to_string(), &CachedSession { user_id, expires_at }).await;
        Ok(())
    }

    /// Ends the caller's session and says how long it was; nothing when it had ended before.
    pub(crate) async fn end(&self, caller: &Caller) -> ApiResult<Option<Duration>> {
        let now = Utc::now();
        let mut transaction = self.database.begin().await?;
        let began =
            store::sessions::end(&mut transaction, caller.session_id, caller.user_id, now).await?;
        let Some(began) = began else { return Ok(None) };
        let event = UserLogout {
            user_id: caller.user_id,
            session_id: caller.session_id,
            logged_out_at: now,
        };
        self.outbox.append(&mut transaction, event).await?;
        self.outbox.commit(transaction).await?;
        self.cached.remove(&caller.session_id.to_string()).await;
        Ok((now - began).to_std().ok())
    }
}
