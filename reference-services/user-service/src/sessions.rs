//! Sessions: begun by a login, gone on with by refreshing, ended by a logout, by their owner from elsewhere, or by a theft.

mod cache;

use std::time::Duration;

use chrono::{DateTime, Utc};
use ecotrack_chassis::{
    ApiResult,
    auth::{Caller, Claims},
    context,
    outbox::Outbox,
    page::{Page, PageQuery},
    postgres::{self, Database},
};
use ecotrack_events::user::{UserLogin, UserLogout};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use crate::{
    domain::{
        Email, Password,
        session::{RefreshState, Verdict, end_of},
    },
    keys::KeyRing,
    passwords::Passwords,
    store::{self, refresh_tokens::Held, sessions::Summary},
    tokens::{self, RefreshToken},
};
pub(crate) use cache::{SessionCache, Standing};

/// Sessions that a user has at once; the oldest give way.
const MOST_SESSIONS: i64 = 50;

/// What a login or a refresh gives.
pub(crate) struct Grant {
    pub(crate) session_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) access_token: String,
    /// How long the access token lives.
    pub(crate) expires_in: Duration,
    pub(crate) refresh_token: RefreshToken,
    /// How long the session lives if it is not refreshed.
    pub(crate) refresh_expires_in: Duration,
}

/// Begins, refreshes and ends sessions.
#[derive(Clone)]
pub(crate) struct Sessions {
    database: Database,
    outbox: Outbox,
    passwords: Passwords,
    keys: KeyRing,
    cache: SessionCache,
    token_lifetime: Duration,
}

impl Sessions {
    pub(crate) fn new(
        database: Database,
        outbox: Outbox,
        passwords: Passwords,
        keys: KeyRing,
        cache: SessionCache,
        token_lifetime: Duration,
    ) -> Self {
        Self { database, outbox, passwords, keys, cache, token_lifetime }
    }

    /// Begins a session, or nothing: no such user and a wrong password are one answer after the same work.
    pub(crate) async fn begin(
        &self,
        email: &Email,
        password: Password,
    ) -> ApiResult<Option<Grant>> {
        let known = {
            let mut connection = self.database.acquire().await?;
            store::users::find_credentials(&mut connection, email.as_str()).await?
        };
        let stored = known.as_ref().map(|known| known.password_hash.clone());
        let is_right = self.passwords.verify(password, stored).await?;
        match known.filter(|_| is_right) {
            Some(known) => self.open(known.user_id).await,
            None => Ok(None),
        }
    }

    /// Opens a session with the roles of now; nothing when the account was deleted meanwhile.
    async fn open(&self, user_id: Uuid) -> ApiResult<Option<Grant>> {
        let now = postgres::now();
        let mut transaction = self.database.begin().await?;
        let Some(roles) = store::roles::of_user(&mut transaction, user_id).await? else {
            return Ok(None);
        };
        let claims = tokens::claims(user_id, Uuid::now_v7(), roles, now, self.token_lifetime);
        let expires_at = end_of(now, now);
        store::sessions::insert(&mut transaction, &claims, now, expires_at).await?;
        let ended = self.end_surplus(&mut transaction, user_id, now).await?;
        let grant = self.issue(&mut transaction, &claims, now, expires_at).await?;
        let event = UserLogin { user_id, session_id: claims.sid, logged_in_at: now };
        self.outbox.append(&mut transaction, event).await?;
        let invalidation = self.cache.note(user_id, &ended, Standing::Ended);
        self.outbox.commit(transaction).await?;
        invalidation.await;
        Ok(Some(grant))
    }

    /// Makes the tokens of a session.
    async fn issue(
        &self,
        connection: &mut PgConnection,
        claims: &Claims,
        now: DateTime<Utc>,
        expires_at: DateTime<Utc>,
    ) -> ApiResult<Grant> {
        if let Some(work) = context::current() {
            work.set_user(claims.sub);
            work.set_session(claims.sid);
        }
        let access_token = self.keys.sign(claims)?;
        let refresh_token = RefreshToken::generate()?;
        let digest = refresh_token.digest();
        store::refresh_tokens::insert(connection, &digest, claims.sid, now).await?;
        Ok(Grant {
            session_id: claims.sid,
            user_id: claims.sub,
            access_token,
            expires_in: self.token_lifetime,
            refresh_token,
            refresh_expires_in: (expires_at - now).to_std().unwrap_or_default(),
        })
    }

    /// Exchanges a refresh token, or nothing. One that was exchanged before ends its session: it was stolen, before or now.
    pub(crate) async fn refresh(&self, token: &RefreshToken) -> ApiResult<Option<Grant>> {
        let (now, digest) = (postgres::now(), token.digest());
        let mut transaction = self.database.begin().await?;
        let owner = store::refresh_tokens::find_owner(&mut transaction, &digest).await?;
        let Some(user_id) = owner else { return Ok(None) };
        // The user before the session, as everywhere: in another order two transactions could wait for each other.
        let roles = store::roles::of_user(&mut transaction, user_id).await?;
        let held = store::refresh_tokens::lock(&mut transaction, &digest).await?;
        let (Some(roles), Some(held)) = (roles, held) else { return Ok(None) };
        match held.state().judge(now) {
            Verdict::Refuse => Ok(None),
            Verdict::Revoke => {
                tracing::warn!(session_id = %held.session_id, "a refresh token came back, its session ends");
                self.close(transaction, user_id, held.session_id, now).await?;
                Ok(None)
            }
            Verdict::Refresh => {
                store::refresh_tokens::mark_used(&mut transaction, &digest, now).await?;
                let lifetime = self.token_lifetime;
                let claims = tokens::claims(user_id, held.session_id, roles, now, lifetime);
                self.renew(transaction, &claims, held.started_at, now).await.map(Some)
            }
        }
    }

    async fn renew(
        &self,
        mut transaction: Transaction<'static, Postgres>,
        claims: &Claims,
        started_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> ApiResult<Grant> {
        let expires_at = end_of(started_at, now);
        store::sessions::extend(&mut transaction, claims, expires_at).await?;
        let grant = self.issue(&mut transaction, claims, now, expires_at).await?;
        transaction.commit().await?;
        Ok(grant)
    }

    /// Ends one of a user's sessions and says how long it was; nothing when it is not theirs or had ended before.
    pub(crate) async fn end(&self, user_id: Uuid, session_id: Uuid) -> ApiResult<Option<Duration>> {
        let transaction = self.database.begin().await?;
        self.close(transaction, user_id, session_id, postgres::now()).await
    }

    async fn close(
        &self,
        mut transaction: Transaction<'static, Postgres>,
        user_id: Uuid,
        session_id: Uuid,
        now: DateTime<Utc>,
    ) -> ApiResult<Option<Duration>> {
        let began = store::sessions::end(&mut transaction, session_id, user_id, now).await?;
        let Some(began) = began else { return Ok(None) };
        let event = UserLogout { user_id, session_id, logged_out_at: now };
        self.outbox.append(&mut transaction, event).await?;
        let invalidation = self.cache.note(user_id, &[session_id], Standing::Ended);
        self.outbox.commit(transaction).await?;
        invalidation.await;
        Ok((now - began).to_std().ok())
    }

    /// The user's living sessions.
    pub(crate) async fn list(&self, user_id: Uuid, page: PageQuery) -> ApiResult<Page<Summary>> {
        let mut connection = self.database.acquire().await?;
        let found = store::sessions::list(&mut connection, user_id, postgres::now(), page).await?;
        Ok(Page::new(found, page.limit, |session| session.session_id))
    }

    /// How the session of a token stands: a token outlives its session by up to a quarter of an hour.
    pub(crate) async fn standing(&self, caller: &Caller) -> ApiResult<Standing> {
        let load = || async {
            let mut connection = self.database.acquire().await?;
            let found =
                store::sessions::find(&mut connection, caller.session_id, caller.user_id).await?;
            Ok(match found {
                None => Standing::Gone,
                Some(None) => Standing::Ended,
                Some(Some(until)) => Standing::Until(until),
            })
        };
        self.cache.standing(caller.user_id, caller.session_id, load).await
    }

    /// Ends the sessions of a user that are one too many, and says which these were.
    async fn end_surplus(
        &self,
        connection: &mut PgConnection,
        user_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Vec<Uuid>, sqlx::Error> {
        let ended = store::sessions::end_oldest(connection, user_id, MOST_SESSIONS, now).await?;
        self.outbox.append_all(connection, logouts(user_id, &ended, now)).await?;
        Ok(ended)
    }
}

/// What others are told of sessions that ended.
pub(crate) fn logouts(
    user_id: Uuid,
    sessions: &[Uuid],
    logged_out_at: DateTime<Utc>,
) -> impl Iterator<Item = UserLogout> {
    let logout =
        move |session_id: &Uuid| UserLogout { user_id, session_id: *session_id, logged_out_at };
    sessions.iter().map(logout)
}

impl Held {
    fn state(&self) -> RefreshState {
        RefreshState { is_used: self.is_used, is_ended: self.is_ended, expires_at: self.expires_at }
    }
}
