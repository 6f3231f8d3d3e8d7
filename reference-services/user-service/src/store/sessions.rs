//! `user_sessions`.

use chrono::{DateTime, Utc};
use ecotrack_chassis::auth::Claims;
use sqlx::PgConnection;
use uuid::Uuid;

/// Opens a session for a token.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    claims: &Claims,
    started_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into user_sessions (id, user_id, session_token, started_at, expires_at) values ($1, $2, $3, $4, $5)",
    )
    .bind(claims.sid)
    .bind(claims.sub)
    .bind(claims.jti)
    .bind(started_at)
    .bind(expires_at)
    .execute(connection)
    .await
    .map(drop)
}

/// Ends a user's session and says when it began; nothing when it is not theirs or has ended before.
pub(crate) async fn end(
    connection: &mut PgConnection,
    session_id: Uuid,
    user_id: Uuid,
    at: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar(
        "update user_sessions set ended_at = $3 where id = $1 and user_id = $2 and ended_at is null returning started_at",
    )
    .bind(session_id)
    .bind(user_id)
    .bind(at)
    .fetch_optional(connection)
    .await
}
