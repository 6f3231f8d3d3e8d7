//! Who may do what: roles given and taken by admins, and the first admins by the operator's setting.

use ecotrack_chassis::{
    ApiError, ApiResult,
    auth::Caller,
    outbox::Outbox,
    page::{Page, PageQuery},
    postgres::{self, Database},
};
use ecotrack_events::user::UserLogout;
use uuid::Uuid;

use crate::{
    domain::Role,
    sessions::{SessionCache, Standing},
    store::{self, roles::Summary},
};

/// Gives and takes roles.
#[derive(Clone)]
pub(crate) struct Roles {
    database: Database,
    outbox: Outbox,
    sessions: SessionCache,
}

impl Roles {
    pub(crate) fn new(database: Database, outbox: Outbox, sessions: SessionCache) -> Self {
        Self { database, outbox, sessions }
    }

    /// All users.
    pub(crate) async fn list(&self, page: PageQuery) -> ApiResult<Page<Summary>> {
        let mut connection = self.database.acquire().await?;
        let found = store::roles::list(&mut connection, page).await?;
        Ok(Page::new(found, page.limit, |user| user.user_id))
    }

    /// Gives a role. It is in the user's tokens from their next login or refresh on.
    pub(crate) async fn grant(&self, admin: &Caller, user_id: Uuid, role: Role) -> ApiResult<()> {
        require_other(admin, user_id)?;
        let mut connection = self.database.acquire().await?;
        if !store::roles::grant(&mut connection, user_id, role).await? {
            return Err(ApiError::not_found());
        }
        tracing::info!(of = %user_id, role = role.name(), "a role was granted");
        Ok(())
    }

    /// Takes a role, and ends the user's sessions: their tokens still name it.
    pub(crate) async fn revoke(&self, admin: &Caller, user_id: Uuid, role: Role) -> ApiResult<()> {
        require_other(admin, user_id)?;
        let now = postgres::now();
        let mut transaction = self.database.begin().await?;
        if !store::roles::revoke(&mut transaction, user_id, role).await? {
            return Err(ApiError::not_found());
        }
        let ended = store::sessions::end_all(&mut transaction, user_id, now).await?;
        for session_id in &ended {
            let event = UserLogout { user_id, session_id: *session_id, logged_out_at: now };
            self.outbox.append(&mut transaction, event).await?;
        }
        self.outbox.commit(transaction).await?;
        for session_id in ended {
            self.sessions.note(user_id, session_id, Standing::Ended).await;
        }
        tracing::info!(of = %user_id, role = role.name(), "a role was revoked");
        Ok(())
    }
}

/// Nobody changes their own roles: so there is always an admin left, and no stolen token makes itself at home.
fn require_other(admin: &Caller, user_id: Uuid) -> ApiResult<()> {
    if admin.user_id == user_id { Err(ApiError::forbidden()) } else { Ok(()) }
}
