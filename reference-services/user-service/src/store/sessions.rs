//! `user_sessions`.

use chrono::{DateTime, Utc};
use ecotrack_chassis::{auth::Claims, page::PageQuery};
use sqlx::PgConnection;
use uuid::Uuid;

/// A session as its owner sees it in a list.
#[derive(sqlx::FromRow)]
pub(crate) struct Summary {
    pub(crate) session_id: Uuid,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

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

/// Goes on with a session under a new token.
pub(crate) async fn extend(
    connection: &mut PgConnection,
    claims: &Claims,
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query("update user_sessions set session_token = $2, expires_at = $3 where id = $1")
        .bind(claims.sid)
        .bind(claims.jti)
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

/// Ends all sessions of a user and says which.
pub(crate) async fn end_all(
    connection: &mut PgConnection,
    user_id: Uuid,
    at: DateTime<Utc>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "update user_sessions set ended_at = $2 where user_id = $1 and ended_at is null returning id",
    )
    .bind(user_id)
    .bind(at)
    .fetch_all(connection)
    .await
}

/// Ends the oldest of a user's living sessions, so that no more than `most` are left, and says which. Two logins at once lock them
/// in one order, so that they do not wait for each other.
pub(crate) async fn end_oldest(
    connection: &mut PgConnection,
    user_id: Uuid,
    most: i64,
    at: DateTime<Utc>,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "update user_sessions set ended_at = $3 where ended_at is null and id in ( \
             select id from user_sessions where id in ( \
                 select id from user_sessions where user_id = $1 and ended_at is null and expires_at > $3 \
                 order by id desc offset $2 \
             ) order by id for no key update \
         ) returning id",
    )
    .bind(user_id)
    .bind(most)
    .bind(at)
    .fetch_all(connection)
    .await
}

/// Until when a user's session lives, unless it has ended before; nothing when there is no such session.
pub(crate) async fn find(
    connection: &mut PgConnection,
    session_id: Uuid,
    user_id: Uuid,
) -> Result<Option<Option<DateTime<Utc>>>, sqlx::Error> {
    sqlx::query_scalar(
        "select case when ended_at is null then expires_at end from user_sessions where id = $1 and user_id = $2",
    )
    .bind(session_id)
    .bind(user_id)
    .fetch_optional(connection)
    .await
}

/// A user's living sessions, newest first: ids are ordered by time.
pub(crate) async fn list(
    connection: &mut PgConnection,
    user_id: Uuid,
    at: DateTime<Utc>,
    page: PageQuery,
) -> Result<Vec<Summary>, sqlx::Error> {
    sqlx::query_as(
        "select id as session_id, started_at, expires_at from user_sessions \
         where user_id = $1 and ended_at is null and expires_at > $2 and ($3::uuid is null or id < $3) \
         order by id desc limit $4",
    )
    .bind(user_id)
    .bind(at)
    .bind(page.after)
    .bind(page.limit.with_lookahead())
    .fetch_all(connection)
    .await
}

/// Deletes up to `limit` sessions that are over for so long that no token of theirs can be shown any more.
pub(crate) async fn purge(
    connection: &mut PgConnection,
    over_since: DateTime<Utc>,
    limit: i64,
) -> Result<u64, sqlx::Error> {
    let purged = sqlx::query(
        "delete from user_sessions where id in (select id from user_sessions where expires_at < $1 limit $2)",
    )
    .bind(over_since)
    .bind(limit)
    .execute(connection)
    .await?;
    Ok(purged.rows_affected())
}
