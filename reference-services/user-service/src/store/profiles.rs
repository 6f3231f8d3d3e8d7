//! What users say of themselves: names in `users`, the rest in `user_profiles`.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::domain::Profile;

/// A user's profile.
pub(crate) async fn find(
    connection: &mut PgConnection,
    user_id: Uuid,
) -> Result<Option<Profile>, sqlx::Error> {
    sqlx::query_as(
        "select user_id, email, first_name, last_name, display_name, bio, avatar_url, address, preferences, created_at \
         from users join user_profiles on user_id = id where id = $1",
    )
    .bind(user_id)
    .fetch_optional(connection)
    .await
}

/// A user's profile and when it last changed. Nobody else changes it until the transaction ends.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    user_id: Uuid,
) -> Result<Option<(Profile, DateTime<Utc>)>, sqlx::Error> {
    let changed_at =
        sqlx::query_scalar("select updated_at from users where id = $1 for no key update")
            .bind(user_id)
            .fetch_optional(&mut *connection)
            .await?;
    let Some(changed_at) = changed_at else { return Ok(None) };
    Ok(find(connection, user_id).await?.map(|profile| (profile, changed_at)))
}

/// Writes what its owner may change of a profile.
pub(crate) async fn update(
    connection: &mut PgConnection,
    profile: &Profile,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with named as ( \
             update users set first_name = $2, last_name = $3, updated_at = $4 where id = $1 returning id \
         ) update user_profiles set display_name = $5, bio = $6, avatar_url = $7, address = $8 \
         from named where user_id = named.id",
    )
    .bind(profile.user_id)
    .bind(&profile.first_name)
    .bind(&profile.last_name)
    .bind(at)
    .bind(&profile.display_name)
    .bind(&profile.bio)
    .bind(&profile.avatar_url)
    .bind(profile.address.as_ref().map(Json))
    .execute(connection)
    .await
    .map(drop)
}
