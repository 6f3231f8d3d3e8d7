//! `users` and `user_profiles`.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{accounts::Profile, domain::Registration};

/// What a login needs to know.
#[derive(sqlx::FromRow)]
pub(crate) struct Credentials {
    pub(crate) user_id: Uuid,
    pub(crate) password_hash: String,
    pub(crate) roles: Vec<String>,
}

/// Adds a user. Says false when the address is taken; the unique index decides, so that two at once cannot both win.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    user_id: Uuid,
    registration: &Registration,
    password_hash: &str,
    at: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "with added as ( \
             insert into users (id, email, password_hash, first_name, last_name, created_at, updated_at) \
             values ($1, $2, $3, $4, $5, $6, $6) on conflict (email) do nothing returning id \
         ) insert into user_profiles (user_id) select id from added",
    )
    .bind(user_id)
    .bind(registration.email.as_str())
    .bind(password_hash)
    .bind(registration.first_name.as_str())
    .bind(registration.last_name.as_str())
    .bind(at)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// The user with this address.
pub(crate) async fn find_credentials(
    connection: &mut PgConnection,
    email: &str,
) -> Result<Option<Credentials>, sqlx::Error> {
    sqlx::query_as("select id as user_id, password_hash, roles from users where email = $1")
        .bind(email)
        .fetch_optional(connection)
        .await
}

#[derive(sqlx::FromRow)]
struct ProfileRow {
    email: String,
    first_name: String,
    last_name: String,
    bio: String,
    avatar_url: Option<String>,
    preferences: Json<serde_json::Value>,
    created_at: DateTime<Utc>,
}

/// What a user has told us.
pub(crate) async fn find_profile(
    connection: &mut PgConnection,
    user_id: Uuid,
) -> Result<Option<Profile>, sqlx::Error> {
    let row: Option<ProfileRow> = sqlx::query_as(
        "select email, first_name, last_name, bio, avatar_url, preferences, created_at \
         from users join user_profiles on user_id = id where id = $1",
    )
    .bind(user_id)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Profile {
        user_id,
        email: row.email,
        first_name: row.first_name,
        last_name: row.last_name,
        bio: row.bio,
        avatar_url: row.avatar_url,
        preferences: row.preferences.0,
        created_at: row.created_at,
    }))
}
