//! Accounts: opened by registration, read as profiles.

use chrono::{DateTime, Utc};
use ecotrack_chassis::{ApiResult, cache::TypedCache, outbox::Outbox, postgres::Database};
use ecotrack_events::user::UserRegistered;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{domain::Registration, passwords::Passwords, store};

/// What a user has told us about themselves; theirs alone to read.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct Profile {
    pub(crate) user_id: Uuid,
    pub(crate) email: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) bio: String,
    pub(crate) avatar_url: Option<String>,
    pub(crate) preferences: serde_json::Value,
    pub(crate) created_at: DateTime<Utc>,
}

/// What became of a registration. The customer is not told: it would say who has an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Registered {
    /// There is a new account.
    New,
    /// The address had one.
    Known,
}

/// Opens accounts and reads profiles.
#[derive(Clone)]
pub(crate) struct Accounts {
    database: Database,
    outbox: Outbox,
    passwords: Passwords,
    profiles: TypedCache<Profile>,
}

impl Accounts {
    pub(crate) fn new(
        database: Database,
        outbox: Outbox,
        passwords: Passwords,
        profiles: TypedCache<Profile>,
    ) -> Self {
        Self { database, outbox, passwords, profiles }
    }

    /// Opens an account. The password is hashed either way, so that both ways take the same time.
    pub(crate) async fn register(&self, registration: &Registration) -> ApiResult<Registered> {
        let hash = self.passwords.hash(registration.password.clone()).await?;
        let (user_id, now) = (Uuid::now_v7(), Utc::now());
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

    /// A user's profile, from the cache for up to five minutes.
    pub(crate) async fn find_profile(&self, user_id: Uuid) -> ApiResult<Option<Profile>> {
        let load = || async {
            let mut connection = self.database.acquire().await?;
            Ok(store::users::find_profile(&mut connection, user_id).await?)
        };
        self.profiles.get_or_load(&user_id.to_string(), load).await
    }
}
