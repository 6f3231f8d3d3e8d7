//! Keys in the database.

use std::time::Duration;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Answer, Decision, Fingerprint, IdempotencyKey, Record, decide};
use crate::{
    error::{ApiError, ApiResult},
    postgres::Database,
};

/// How long work under a key is left to the one who began it. Longer than any request may take. What a service gives up in the place
/// of a process that died must outlast it: before that the request cannot come again.
const LEASE: Duration = Duration::from_secs(30);
/// When to ask again about work that is under way.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A request under a key.
#[derive(Debug)]
pub struct Request<'a> {
    /// Whose key it is: two users may use the same one.
    pub user_id: Uuid,
    /// What is asked for, for example `place-order`: two operations may use the same one.
    pub operation: &'static str,
    /// The key.
    pub key: &'a IdempotencyKey,
    /// What exactly is asked for.
    pub fingerprint: Fingerprint,
}

/// The right and duty to do the work of a key. End it with [`Claim::complete`] or [`Claim::give_back`].
#[derive(Debug)]
#[must_use = "a claim that is not ended keeps its key busy until its lease ends"]
pub struct Claim {
    user_id: Uuid,
    operation: &'static str,
    key: String,
    subject_id: Uuid,
}

/// What a request under a key is.
#[derive(Debug)]
pub enum Claimed {
    /// Work to do.
    Work(Claim),
    /// Done before.
    Done(Answer),
}

#[derive(sqlx::FromRow)]
struct Row {
    fingerprint: Vec<u8>,
    subject_id: Uuid,
    locked_until: DateTime<Utc>,
    status: Option<i32>,
    body: Option<String>,
    created_at: DateTime<Utc>,
    now: DateTime<Utc>,
}

/// Claims a key in a transaction, which the caller commits. 422 if it was used for another request, 409 while somebody is working
/// on it.
pub async fn claim(tx: &mut PgConnection, request: &Request<'_>) -> ApiResult<Claimed> {
    #[cfg(feature = "planted-check-then-insert-key")]
    return check_then_insert(tx, request).await;
    #[cfg(not(feature = "planted-check-then-insert-key"))]
    claim_atomically(tx, request).await
}

#[cfg_attr(
    feature = "planted-check-then-insert-key",
    expect(dead_code, reason = "what the bug replaces")
)]
async fn claim_atomically(tx: &mut PgConnection, request: &Request<'_>) -> ApiResult<Claimed> {
    let fresh = Uuid::now_v7();
    if insert(tx, request, fresh).await? {
        Ok(Claimed::Work(request.claim(fresh)))
    } else {
        again(tx, request, fresh).await
    }
}

/// Planted bug: whether a key is there is asked first and written afterwards, so two who ask at once both work.
#[cfg(feature = "planted-check-then-insert-key")]
async fn check_then_insert(conn: &mut PgConnection, request: &Request<'_>) -> ApiResult<Claimed> {
    let there: bool = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM idempotency_keys WHERE user_id = $1 AND operation = $2 AND key = $3)",
    )
    .bind(request.user_id)
    .bind(request.operation)
    .bind(request.key.as_str())
    .fetch_one(&mut *conn)
    .await?;
    let fresh = Uuid::now_v7();
    if there {
        return again(conn, request, fresh).await;
    }
    insert(conn, request, fresh).await?;
    Ok(Claimed::Work(request.claim(fresh)))
}

async fn again(tx: &mut PgConnection, request: &Request<'_>, fresh: Uuid) -> ApiResult<Claimed> {
    let (record, now) = lock(tx, request).await?;
    match decide(&record, request.fingerprint, now) {
        Decision::Replay(answer) => Ok(Claimed::Done(answer)),
        Decision::Restart => {
            take_over(tx, request, fresh, now).await?;
            Ok(Claimed::Work(request.claim(fresh)))
        }
        Decision::Resume => {
            take_over(tx, request, record.subject_id, record.created_at).await?;
            Ok(Claimed::Work(request.claim(record.subject_id)))
        }
        Decision::Running => {
            let detail = "a request with this Idempotency-Key is still being worked on";
            Err(ApiError::conflict("idempotency-key-running", detail).retry_after(RETRY_AFTER))
        }
        Decision::Mismatch => {
            let detail = "this Idempotency-Key was used for another request";
            Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", detail))
        }
    }
}

impl Request<'_> {
    fn claim(&self, subject_id: Uuid) -> Claim {
        Claim {
            user_id: self.user_id,
            operation: self.operation,
            key: self.key.as_str().to_owned(),
            subject_id,
        }
    }
}

/// The row of a claim, while it is this one's: who lost its key to another must not end the other's work.
macro_rules! own {
    () => {
        " WHERE user_id = $1 AND operation = $2 AND key = $3 AND subject_id = $4"
    };
}

impl Claim {
    /// Id for what the request makes: the same when the work is taken up again.
    #[must_use]
    pub const fn subject_id(&self) -> Uuid {
        self.subject_id
    }

    /// Remembers the answer. Belongs into the transaction of the effect: 503, and nothing of it may be committed, where the key is
    /// meanwhile free again or somebody else's.
    pub async fn complete(&self, tx: &mut PgConnection, answer: &Answer) -> ApiResult<()> {
        let done =
            sqlx::query(concat!("UPDATE idempotency_keys SET status = $5, body = $6", own!()))
                .bind(self.user_id)
                .bind(self.operation)
                .bind(&self.key)
                .bind(self.subject_id)
                .bind(i32::from(answer.status().as_u16()))
                .bind(answer.body())
                .execute(tx)
                .await?;
        // With the planted bug two work under one key, and neither may notice.
        if done.rows_affected() == 1 || cfg!(feature = "planted-check-then-insert-key") {
            Ok(())
        } else {
            Err(ApiError::unavailable(anyhow::anyhow!("the key was taken over meanwhile")))
        }
    }

    /// Ends a claim whose work came to nothing. A request that was refused may be corrected and sent again under the same key;
    /// one that broke, or says that it leaves work, is taken up where it stopped.
    pub async fn give_back(self, database: &Database, error: &ApiError) {
        let ended = async {
            let mut conn = database.acquire().await?;
            if error.leaves_work() {
                self.suspend(&mut conn).await
            } else {
                self.release(&mut conn).await
            }
        };
        if let Err(error) = ended.await {
            tracing::warn!(%error, "the idempotency key stays busy until its lease ends");
        }
    }

    /// Forgets the key: the request had no effect.
    async fn release(self, conn: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query(concat!("DELETE FROM idempotency_keys", own!(), " AND status IS NULL"))
            .bind(self.user_id)
            .bind(self.operation)
            .bind(&self.key)
            .bind(self.subject_id)
            .execute(conn)
            .await
            .map(drop)
    }

    /// Leaves the work to the next one who sends the request: it may have had part of its effect.
    async fn suspend(self, conn: &mut PgConnection) -> sqlx::Result<()> {
        sqlx::query(concat!("UPDATE idempotency_keys SET locked_until = now()", own!()))
            .bind(self.user_id)
            .bind(self.operation)
            .bind(&self.key)
            .bind(self.subject_id)
            .execute(conn)
            .await
            .map(drop)
    }
}

async fn insert(tx: &mut PgConnection, request: &Request<'_>, subject: Uuid) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "INSERT INTO idempotency_keys (user_id, operation, key, fingerprint, subject_id, locked_until, created_at)
         VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6), now()) ON CONFLICT DO NOTHING",
    )
    .bind(request.user_id)
    .bind(request.operation)
    .bind(request.key.as_str())
    .bind(request.fingerprint.as_bytes())
    .bind(subject)
    .bind(LEASE.as_secs_f64())
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

async fn lock(tx: &mut PgConnection, request: &Request<'_>) -> ApiResult<(Record, DateTime<Utc>)> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT fingerprint, subject_id, locked_until, status, body, created_at, clock_timestamp() AS now
         FROM idempotency_keys WHERE user_id = $1 AND operation = $2 AND key = $3 FOR UPDATE",
    )
    .bind(request.user_id)
    .bind(request.operation)
    .bind(request.key.as_str())
    .fetch_optional(tx)
    .await?;
    // Released between our insert and this look: as if it were still running, a moment ago it was.
    let row = row.ok_or_else(|| {
        ApiError::conflict("idempotency-key-running", "the key was released this moment")
            .retry_after(RETRY_AFTER)
    })?;
    let now = row.now;
    Ok((row.record()?, now))
}

async fn take_over(
    tx: &mut PgConnection,
    request: &Request<'_>,
    subject: Uuid,
    since: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE idempotency_keys SET fingerprint = $4, subject_id = $5, locked_until = now() + make_interval(secs => $6),
             status = NULL, body = NULL, created_at = $7
         WHERE user_id = $1 AND operation = $2 AND key = $3",
    )
    .bind(request.user_id)
    .bind(request.operation)
    .bind(request.key.as_str())
    .bind(request.fingerprint.as_bytes())
    .bind(subject)
    .bind(LEASE.as_secs_f64())
    .bind(since)
    .execute(tx)
    .await
    .map(drop)
}

impl Row {
    fn record(self) -> ApiResult<Record> {
        let broken =
            || ApiError::internal(anyhow::anyhow!("a row of idempotency_keys cannot be read"));
        let answer = match self.status.zip(self.body) {
            Some((status, body)) => {
                let status =
                    u16::try_from(status).ok().and_then(|code| StatusCode::from_u16(code).ok());
                Some(Answer::new(status.ok_or_else(broken)?, body))
            }
            None => None,
        };
        Ok(Record {
            fingerprint: Fingerprint::from_bytes(&self.fingerprint).ok_or_else(broken)?,
            subject_id: self.subject_id,
            locked_until: self.locked_until,
            answer,
            created_at: self.created_at,
        })
    }
}
