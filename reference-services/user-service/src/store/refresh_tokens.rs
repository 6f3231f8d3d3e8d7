//! `refresh_tokens`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

/// A refresh token and its session.
#[derive(sqlx::FromRow)]
pub(crate) struct Held {
    pub(crate) session_id: Uuid,
    pub(crate) is_used: bool,
    pub(crate) is_ended: bool,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Whose token this is.
pub(crate) async fn find_owner(
    connection: &mut PgConnection,
    digest: &[u8],
) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "select user_id from refresh_tokens join user_sessions on id = session_id where digest = $1",
    )
    .bind(digest)
    .fetch_optional(connection)
    .await
}

/// A token and its session, which nobody else uses until the transaction ends.
///
/// Two statements: the second sees what whoever held the lock before has written.
pub(crate) async fn lock(
    connection: &mut PgConnection,
    digest: &[u8],
) -> Result<Option<Held>, sqlx::Error> {
    sqlx::query(
        "select from user_sessions where id = (select session_id from refresh_tokens where digest = $1) for no key update",
    )
    .bind(digest)
    .execute(&mut *connection)
    .await?;
    sqlx::query_as(
        "select session_id, used_at is not null as is_used, ended_at is not null as is_ended, started_at, expires_at \
         from refresh_tokens join user_sessions on id = session_id where digest = $1",
    )
    .bind(digest)
    .fetch_optional(connection)
    .await
}

/// Keeps a new token.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    digest: &[u8],
    session_id: Uuid,
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query("insert into refresh_tokens (digest, session_id, issued_at) values ($1, $2, $3)")
        .bind(digest)
        .bind(session_id)
        .bind(at)
        .execute(connection)
        .await
        .map(drop)
}

/// Notes that a token was used.
pub(crate) async fn mark_used(
    connection: &mut PgConnection,
    digest: &[u8],
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query("update refresh_tokens set used_at = $2 where digest = $1")
        .bind(digest)
        .bind(at)
        .execute(connection)
        .await
        .map(drop)
}
