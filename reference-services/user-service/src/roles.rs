//! Who may do what: roles given and taken by admins, and the admins of the operator's setting.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use ecotrack_chassis::{
    ApiError, ApiResult,
    auth::Caller,
    cache::Invalidation,
    outbox::Outbox,
    page::{Page, PageQuery},
    postgres::{self, Database},
};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

use crate::{
    domain::Role,
    sessions::{SessionCache, Standing, logouts},
    store::{self, roles::Summary},
};

/// Gives and takes roles.
#[derive(Clone)]
pub(crate) struct Roles {
    database: Database,
    outbox: Outbox,
    sessions: SessionCache,
    /// Admins as long as the operator's setting names them.
    named: Arc<[Uuid]>,
}

impl Roles {
    pub(crate) fn new(
        database: Database,
        outbox: Outbox,
        sessions: SessionCache,
        named: Arc<[Uuid]>,
    ) -> Self {
        Self { database, outbox, sessions, named }
    }

    /// All users.
    pub(crate) async fn list(&self, page: PageQuery) -> ApiResult<Page<Summary>> {
        let mut connection = self.database.acquire().await?;
        let found = store::roles::list(&mut connection, page).await?;
        Ok(Page::new(found, page.limit, |user| user.user_id))
    }

    /// Gives a role. It is in the user's tokens from their next login or refresh on.
    pub(crate) async fn grant(&self, admin: &Caller, user_id: Uuid, role: Role) -> ApiResult<()> {
        let mut transaction = self.begin(admin, user_id).await?;
        store::roles::grant(&mut transaction, user_id, role).await?;
        transaction.commit().await?;
        tracing::info!(of = %user_id, role = role.name(), "a role was granted");
        Ok(())
    }

    /// Takes a role, and ends the user's sessions: their tokens still name it.
    pub(crate) async fn revoke(&self, admin: &Caller, user_id: Uuid, role: Role) -> ApiResult<()> {
        let now = postgres::now();
        let mut transaction = self.begin(admin, user_id).await?;
        if role == Role::Admin && self.named.contains(&user_id) {
            return Err(named_by_operator());
        }
        store::roles::revoke(&mut transaction, user_id, role).await?;
        let invalidation = self.end_sessions(&mut transaction, user_id, now).await?;
        self.outbox.commit(transaction).await?;
        invalidation.await;
        tracing::info!(of = %user_id, role = role.name(), "a role was revoked");
        Ok(())
    }

    /// Makes admins of those whom the operator names, and no longer of those who were named.
    pub(crate) async fn follow_setting(&self) -> Result<(), sqlx::Error> {
        let named = &self.named;
        let (now, mut invalidations) = (postgres::now(), Vec::new());
        let mut transaction = self.database.begin().await?;
        let made = store::roles::name_admins(&mut transaction, named).await?;
        let unmade = store::roles::forget_admins(&mut transaction, named).await?;
        for user_id in &unmade {
            invalidations.push(self.end_sessions(&mut transaction, *user_id, now).await?);
        }
        self.outbox.commit(transaction).await?;
        for invalidation in invalidations {
            invalidation.await;
        }
        if made > 0 || !unmade.is_empty() {
            let unmade = unmade.len();
            tracing::info!(made, unmade, "the admins are those of ECOTRACK_ADMIN_USER_IDS");
        }
        Ok(())
    }

    /// Begins a change of another user's roles. Nobody changes their own: so whoever takes them from all others is left, and no
    /// stolen token makes itself at home. The caller must still be an admin: of two who revoke each other at once, one is refused.
    async fn begin(
        &self,
        admin: &Caller,
        user_id: Uuid,
    ) -> ApiResult<Transaction<'static, Postgres>> {
        if admin.user_id == user_id {
            return Err(ApiError::forbidden());
        }
        let mut transaction = self.database.begin().await?;
        let both = [admin.user_id, user_id];
        let is_admin = store::roles::lock(&mut transaction, &both, Role::Admin).await?;
        if is_admin.get(&admin.user_id) != Some(&true) {
            return Err(ApiError::forbidden());
        }
        if !is_admin.contains_key(&user_id) {
            return Err(ApiError::not_found());
        }
        Ok(transaction)
    }

    /// Ends all sessions of a user, and says what that changes of what is cached.
    async fn end_sessions(
        &self,
        connection: &mut PgConnection,
        user_id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Invalidation, sqlx::Error> {
        let sessions = store::sessions::end_all(connection, user_id, now).await?;
        self.outbox.append_all(connection, logouts(user_id, &sessions, now)).await?;
        Ok(self.sessions.note(user_id, &sessions, Standing::Ended))
    }
}

/// Without the role they would have it again at the next look at the setting.
fn named_by_operator() -> ApiError {
    let detail =
        "the operator's setting names this user as an admin, so only the operator takes the role";
    ApiError::conflict("named-by-operator", detail)
}
