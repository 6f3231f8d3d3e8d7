//! Where users can be reached, and who must stay forgotten.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// Somebody who can be told something. Personal, hence without `Debug`.
#[derive(Clone, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Recipient {
    pub(crate) email: String,
    pub(crate) first_name: String,
}

/// Remembers where a user can be reached. What an older event says does not replace what a newer one said, and an erased user
/// stays erased. Says whether it was taken.
pub(crate) async fn put_recipient(
    tx: &mut PgConnection,
    user_id: Uuid,
    recipient: &Recipient,
    at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO recipients (user_id, email, first_name, updated_at)
         SELECT $1, $2, $3, $4 WHERE NOT EXISTS (SELECT FROM erased_users WHERE user_id = $1)
         ON CONFLICT (user_id) DO UPDATE SET email = excluded.email, first_name = excluded.first_name,
             updated_at = excluded.updated_at
         WHERE recipients.updated_at <= excluded.updated_at",
    )
    .bind(user_id)
    .bind(&recipient.email)
    .bind(&recipient.first_name)
    .bind(at)
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
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

/// Whether a user is erased.
pub(crate) async fn is_erased(conn: &mut PgConnection, user_id: Uuid) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM erased_users WHERE user_id = $1)")
        .bind(user_id)
        .fetch_one(conn)
        .await
}

/// Keeps what else is written about a user waiting until the transaction ends: whether they are erased and what is written about
/// them are in different tables, and two transactions could each miss what the other one does.
pub(crate) async fn lock_user(tx: &mut PgConnection, user_id: Uuid) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 0))")
        .bind(user_id)
        .execute(tx)
        .await
        .map(drop)
}

/// Keeps [`lock_user`] waiting until the transaction ends, and nobody else: consumers that tell the same users of many things in
/// different orders do not wait for each other.
pub(crate) async fn hold_user(tx: &mut PgConnection, user_id: Uuid) -> sqlx::Result<()> {
    sqlx::query("SELECT pg_advisory_xact_lock_shared(hashtextextended($1::text, 0))")
        .bind(user_id)
        .execute(tx)
        .await
        .map(drop)
}

/// Forgets a user for good, under their lock: address, number, and every text that was written to them.
pub(crate) async fn forget_user(
    tx: &mut PgConnection,
    user_id: Uuid,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO erased_users (user_id, erased_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(user_id)
    .bind(at)
    .execute(&mut *tx)
    .await?;
    for forget in [
        "DELETE FROM recipients WHERE user_id = $1",
        "DELETE FROM contact_preferences WHERE user_id = $1",
        "UPDATE notifications SET address = NULL WHERE user_id = $1 AND address IS NOT NULL",
        "DELETE FROM messages WHERE user_id = $1",
    ] {
        sqlx::query(forget).bind(user_id).execute(&mut *tx).await?;
    }
    Ok(())
}
