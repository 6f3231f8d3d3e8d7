//! Notifications as rows.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::channel::Channel;
use crate::domain::draft::Draft;
use crate::domain::notification::Notification;
use crate::domain::status::Status;

/// Headers that tell of the work a row belongs to.
pub(crate) type TraceContext = HashMap<String, String>;

/// A value that the table admits and the domain does not know: a newer version wrote it.
#[derive(Debug, thiserror::Error)]
#[error("column {column} of notification {id} holds a value that this version does not know")]
struct Unknown {
    column: &'static str,
    id: Uuid,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    channel: String,
    template: String,
    status: String,
    provider_reference: Option<String>,
    failure_reason: Option<String>,
    attempts: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct DueRow {
    #[sqlx(flatten)]
    notification: Row,
    parameters: Json<BTreeMap<String, String>>,
    trace_context: Json<TraceContext>,
}

/// A notification whose next step is due, with all it takes.
pub(crate) struct Due {
    pub(crate) notification: Notification,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) context: TraceContext,
}

impl Row {
    fn notification(self) -> sqlx::Result<Notification> {
        Ok(Notification {
            id: self.id,
            user_id: self.user_id,
            channel: known("channel", self.id, Channel::from_name(&self.channel))?,
            template: self.template,
            status: known("status", self.id, Status::from_name(&self.status))?,
            provider_reference: self.provider_reference,
            failure_reason: self.failure_reason,
            attempts: self.attempts.unsigned_abs(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn known<T>(column: &'static str, id: Uuid, parsed: Option<T>) -> sqlx::Result<T> {
    parsed.ok_or_else(|| sqlx::Error::Decode(Box::new(Unknown { column, id })))
}

/// Writes a notification that is due at once. An event that has one already gets no second.
pub(crate) async fn insert(
    tx: &mut PgConnection,
    event_id: Uuid,
    draft: &Draft,
    context: &TraceContext,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO notifications (id, user_id, event_id, channel, template, parameters, status, trace_context,
             next_attempt_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, now(), now(), now()) ON CONFLICT (event_id) DO NOTHING",
    )
    .bind(Uuid::now_v7())
    .bind(draft.user_id)
    .bind(event_id)
    .bind(draft.channel.name())
    .bind(draft.template)
    .bind(Json(&draft.parameters))
    .bind(Json(context))
    .execute(tx)
    .await
    .map(drop)
}

/// Takes the notification that has waited longest and puts its next attempt off by `lease`: one worker at a time.
pub(crate) async fn take_due(
    conn: &mut PgConnection,
    lease: Duration,
) -> sqlx::Result<Option<Due>> {
    let row: Option<DueRow> = sqlx::query_as(
        "UPDATE notifications SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => $1)
         WHERE id = (SELECT id FROM notifications WHERE next_attempt_at <= now()
                     ORDER BY next_attempt_at LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING *",
    )
    .bind(lease.as_secs_f64())
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(Due {
            notification: row.notification.notification()?,
            parameters: row.parameters.0,
            context: row.trace_context.0,
        })
    })
    .transpose()
}

/// Writes what a notification has become, if nobody was faster; `again_in` is when its next step is due.
pub(crate) async fn update(
    tx: &mut PgConnection,
    notification: &Notification,
    was: Status,
    again_in: Option<Duration>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE notifications SET status = $2, provider_reference = $3, failure_reason = $4, attempts = $5, updated_at = $6,
             next_attempt_at = now() + make_interval(secs => $7)
         WHERE id = $1 AND status = $8",
    )
    .bind(notification.id)
    .bind(notification.status.name())
    .bind(&notification.provider_reference)
    .bind(&notification.failure_reason)
    .bind(i32::try_from(notification.attempts).unwrap_or(i32::MAX))
    .bind(notification.updated_at)
    .bind(again_in.map(|pause| pause.as_secs_f64()))
    .bind(was.name())
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A user's notification. Somebody else's is not found.
pub(crate) async fn find(
    conn: &mut PgConnection,
    id: Uuid,
    user_id: Uuid,
) -> sqlx::Result<Option<Notification>> {
    let row: Option<Row> =
        sqlx::query_as("SELECT * FROM notifications WHERE id = $1 AND user_id = $2")
            .bind(id)
            .bind(user_id)
            .fetch_optional(conn)
            .await?;
    row.map(Row::notification).transpose()
}

/// A user's notifications, newest first, from before a given one on.
pub(crate) async fn page(
    conn: &mut PgConnection,
    user_id: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> sqlx::Result<Vec<Notification>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM notifications WHERE user_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
    )
    .bind(user_id)
    .bind(before)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::notification).collect()
}
