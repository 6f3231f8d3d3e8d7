//! Accounts: opened by registration, read and changed as profiles, erased on demand.

use chrono::TimeDelta;
use ecotrack_chassis::{
    ApiError, ApiResult,
    cache::TypedCache,
    outbox::Outbox,
    postgres::{self, Database},
};
use ecotrack_events::user::{UserDeleted, UserRegistered, UserUpdated};
use uuid::Uuid;

use crate::{
    domain::{Profile, ProfileChanges, Registration},
    passwords::Passwords,
    sessions::{SessionCache, Standing},
    store,
};

/// The smallest difference between two times that the database knows.
const SMALLEST_STEP: TimeDelta = TimeDelta::microseconds(1);

/// What became of a registration. The customer is not told: it would say who has an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registered {
    /// There is a new account.
    New,
    /// The address had one.
    Known,
}

/// Opens and erases accounts, reads and changes profiles.
#[derive(Clone)]
pub(crate) struct Accounts {
    database: Database,
    outbox: Outbox,
    passwords: Passwords,
    profiles: TypedCache<Profile>,
    sessions: SessionCache,
}

impl Accounts {
    pub(crate) fn new(
        database: Database,
        outbox: Outbox,
        passwords: Passwords,
        profiles: TypedCache<Profile>,
        sessions: SessionCache,
    ) -> Self {
        Self { database, outbox, passwords, profiles, sessions }
    }

    /// Opens an account. The password is hashed either way, so that both ways take the same time.
    pub(crate) async fn register(&self, registration: &Registration) -> ApiResult<Registered> {
        let hash = self.passwords.hash(registration.password.clone()).await?;
        let (user_id, now) = (Uuid::now_v7(), postgres::now());
        let mut transaction = self.database.begin().await?;
        if !store::users::insert(&mut transaction, user_id, registration, &hash, now).await? {
            return Ok(Registered::Known);
        }
        let event = UserRegistered {
            user_id,
            email: registration.email.as_str().to_owned(),
            first_name: registration.first_name.as_str().to_owned(),
            registered_at: now,
        };
        self.outbox.append(&mut transaction, event).await?;
        self.outbox.commit(transaction).await?;
        Ok(Registered::New)
    }

    /// A user's profile, from the cache for up to five minutes. A cached one that is another user's is not believed.
    pub(crate) async fn find_profile(&self, user_id: Uuid) -> ApiResult<Option<Profile>> {
        let load = || async {
            let mut connection = self.database.acquire().await?;
            Ok(store::profiles::find(&mut connection, user_id).await?)
        };
        match self.profiles.get_or_load::<ApiError, _>(&user_id.to_string(), load).await? {
            Some(profile) if profile.user_id != user_id => load().await,
            found => Ok(found),
        }
    }

    /// Changes a user's profile and says what it is now; nothing when there is no such user.
    pub(crate) async fn change_profile(
        &self,
        user_id: Uuid,
        changes: ProfileChanges,
    ) -> ApiResult<Option<Profile>> {
        let mut transaction = self.database.begin().await?;
        let locked = store::profiles::lock(&mut transaction, user_id).await?;
        let Some((before, changed_at)) = locked else { return Ok(None) };
        let after = before.clone().with(changes);
        if after == before {
            return Ok(Some(after));
        }
        // Others believe the latest change: after one of a replica whose clock is ahead, too.
        let now = postgres::now().max(changed_at + SMALLEST_STEP);
        store::profiles::update(&mut transaction, &after, now).await?;
        let event = UserUpdated {
            user_id,
            email: after.email.clone(),
            first_name: after.first_name.as_str().to_owned(),
            updated_at: now,
        };
        self.outbox.append(&mut transaction, event).await?;
        let invalidation = self.profiles.remove(&user_id.to_string());
        self.outbox.commit(transaction).await?;
        invalidation.await;
        Ok(Some(after))
    }

    /// Erases an account: its rows now, what the outbox says of the person as soon as it was sent. Says whether there was one.
    pub(crate) async fn erase(&self, user_id: Uuid) -> ApiResult<bool> {
        let now = postgres::now();
        let mut transaction = self.database.begin().await?;
        if !store::users::lock(&mut transaction, user_id).await? {
            return Ok(false);
        }
        let sessions = store::sessions::end_all(&mut transaction, user_id, now).await?;
        store::users::delete(&mut transaction, user_id).await?;
        store::erasures::insert(&mut transaction, user_id, now).await?;
        self.outbox.append(&mut transaction, UserDeleted { user_id, deleted_at: now }).await?;
        let invalidation = self
            .sessions
            .note(user_id, &sessions, Standing::Gone)
            .and(self.profiles.remove(&user_id.to_string()));
        self.outbox.commit(transaction).await?;
        invalidation.await;
        Ok(true)
    }
}
