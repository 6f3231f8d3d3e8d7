//! `users`: who there is and how they prove it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::Registration;

/// What a login needs to know.
#[derive(sqlx::FromRow)]
pub(crate) struct Credentials {
    pub(crate) user_id: Uuid,
    pub(crate) password_hash: String,
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
    .bind(&registration.first_name)
    .bind(&registration.last_name)
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
    sqlx::query_as("select id as user_id, password_hash from users where email = $1")
        .bind(email)
        .fetch_optional(connection)
        .await
}

/// Locks a user against everything else until the transaction ends. Says whether there is one.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    user_id: Uuid,
) -> Result<bool, sqlx::Error> {
    let locked = sqlx::query("select from users where id = $1 for update")
        .bind(user_id)
        .fetch_optional(connection)
        .await?;
    Ok(locked.is_some())
}

/// Deletes a user with everything that hangs on it.
pub(crate) async fn delete(
    connection: &mut PgConnection,
    user_id: Uuid,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from users where id = $1").bind(user_id).execute(connection).await.map(drop)
}
