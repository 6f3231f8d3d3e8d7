//! Where users can be reached, what they want, and what we write.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::channel::Channel;
use crate::domain::message::Template;

/// Somebody who can be told something.
#[derive(sqlx::FromRow)]
pub(crate) struct Recipient {
    pub(crate) email: String,
    pub(crate) first_name: String,
}

/// Remembers where a user can be reached. What an older event says does not replace what a newer one said.
pub(crate) async fn put_recipient(
    tx: &mut PgConnection,
    user_id: Uuid,
    recipient: &Recipient,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO recipients (user_id, email, first_name, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, first_name = excluded.first_name,
             updated_at = excluded.updated_at
         WHERE recipients.updated_at <= excluded.updated_at",
    )
    .bind(user_id)
    .bind(&recipient.email)
    .bind(&recipient.first_name)
    .bind(at)
    .execute(tx)
    .await
    .map(drop)
}

/// Forgets where a user could be reached.
pub(crate) async fn forget_recipient(tx: &mut PgConnection, user_id: Uuid) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM recipients WHERE user_id = $1")
        .bind(user_id)
        .execute(tx)
        .await
        .map(drop)
}

/// Where a user can be reached.
pub(crate) async fn find_recipient(
    conn: &mut PgConnection,
    user_id: Uuid,
) -> sqlx::Result<Option<Recipient>> {
    sqlx::query_as("SELECT email, first_name FROM recipients WHERE user_id = $1")
        .bind(user_id)
        .fetch_optional(conn)
        .await
}

/// Whether a user wants to be told things this way. Without a word they do.
pub(crate) async fn wants(
    conn: &mut PgConnection,
    user_id: Uuid,
    channel: Channel,
) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT coalesce((SELECT enabled FROM preferences WHERE user_id = $1 AND channel = $2), true)")
        .bind(user_id)
        .bind(channel.name())
        .fetch_one(conn)
        .await
}

/// The text of a template.
pub(crate) async fn find_template(
    conn: &mut PgConnection,
    name: &str,
    channel: Channel,
) -> sqlx::Result<Option<Template>> {
    let row: Option<(String, String)> =
        sqlx::query_as("SELECT subject, body FROM templates WHERE name = $1 AND channel = $2")
            .bind(name)
            .bind(channel.name())
            .fetch_optional(conn)
            .await?;
    Ok(row.map(|(subject, body)| Template { subject, body }))
}
