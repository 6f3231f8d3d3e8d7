//! Notifications as rows.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::known;
use crate::domain::channel::Channel;
use crate::domain::draft::Draft;
use crate::domain::notification::Notification;
use crate::domain::status::{Stand, Status};

const TABLE: &str = "notifications";

/// What a [`Row`] is read from.
macro_rules! columns {
    () => {
        "id, user_id, channel, template, status, provider_reference, failure_reason, attempts, created_at, updated_at"
    };
}

/// Headers that tell of the work a row belongs to.
pub(crate) type TraceContext = HashMap<String, String>;

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
struct FoundRow {
    #[sqlx(flatten)]
    notification: Row,
    trace_context: Json<TraceContext>,
}

#[derive(sqlx::FromRow)]
struct DueRow {
    #[sqlx(flatten)]
    found: FoundRow,
    parameters: Json<BTreeMap<String, String>>,
    address: Option<String>,
}

/// A notification and the work it belongs to.
pub(crate) struct Found {
    pub(crate) notification: Notification,
    pub(crate) context: TraceContext,
}

/// A notification whose next step is due, with all it takes.
pub(crate) struct Due {
    pub(crate) found: Found,
    pub(crate) parameters: BTreeMap<String, String>,
    /// Where to, if not where the user can be reached now.
    pub(crate) address: Option<String>,
}

/// A notification that is yet to be written.
pub(crate) struct NewNotification<'a> {
    /// What it goes back to.
    pub(crate) event_id: Uuid,
    /// What it says.
    pub(crate) draft: &'a Draft,
    /// On which way.
    pub(crate) channel: Channel,
    /// Where to, if not where the user can be reached then.
    pub(crate) address: Option<&'a str>,
    /// The work it belongs to.
    pub(crate) context: &'a TraceContext,
}

impl FoundRow {
    fn found(self) -> sqlx::Result<Found> {
        Ok(Found { notification: self.notification.notification()?, context: self.trace_context.0 })
    }
}

impl DueRow {
    fn due(self) -> sqlx::Result<Due> {
        let found = self.found.found()?;
        Ok(Due { found, parameters: self.parameters.0, address: self.address })
    }
}

impl Row {
    fn notification(self) -> sqlx::Result<Notification> {
        Ok(Notification {
            id: self.id,
            user_id: self.user_id,
            channel: known(TABLE, "channel", self.id, Channel::from_name(&self.channel))?,
            template: self.template,
            status: known(TABLE, "status", self.id, Status::from_name(&self.status))?,
            provider_reference: self.provider_reference,
            failure_reason: self.failure_reason,
            attempts: self.attempts.unsigned_abs(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// Writes a notification that is due at once. An event that has one on this channel already gets no second.
pub(crate) async fn insert(tx: &mut PgConnection, new: &NewNotification<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO notifications (id, user_id, event_id, channel, template, parameters, address, status, trace_context,
             next_attempt_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, now(), now(), now()) ON CONFLICT (event_id, channel) DO NOTHING",
    )
    .bind(Uuid::now_v7())
    .bind(new.draft.user_id)
    .bind(new.event_id)
    .bind(new.channel.name())
    .bind(new.draft.template.name())
    .bind(Json(&new.draft.parameters))
    .bind(new.address)
    .bind(Json(new.context))
    .execute(tx)
    .await
    .map(drop)
}

/// Takes the notifications of a channel that have waited longest, at most so many, and puts their next attempts off by `lease`:
/// one worker at a time. One that cannot be read does not keep the others from their way.
pub(crate) async fn take_due(
    conn: &mut PgConnection,
    channel: Channel,
    most: i64,
    lease: Duration,
) -> sqlx::Result<Vec<sqlx::Result<Due>>> {
    let rows: Vec<DueRow> = sqlx::query_as(concat!(
        "UPDATE notifications SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => $1)
         WHERE id = ANY (ARRAY (SELECT id FROM notifications WHERE channel = $2 AND next_attempt_at <= now()
                                ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED))
         RETURNING ",
        columns!(),
        ", trace_context, parameters, address"
    ))
    .bind(lease.as_secs_f64())
    .bind(channel.name())
    .bind(most)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(DueRow::due).collect())
}

/// Lets notifications that wait for their user to become known be tried at once, and anew: their provider was not asked yet.
pub(crate) async fn wake_pending_of(tx: &mut PgConnection, user_id: Uuid) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE notifications SET next_attempt_at = now(), attempts = 0 WHERE user_id = $1 AND status = 'pending'
             AND NOT EXISTS (SELECT FROM messages WHERE notification_id = notifications.id)",
    )
    .bind(user_id)
    .execute(tx)
    .await
    .map(drop)
}

/// The notification a provider reports about, kept from others until the transaction ends.
pub(crate) async fn lock_by_id(tx: &mut PgConnection, id: Uuid) -> sqlx::Result<Option<Found>> {
    let row: Option<FoundRow> = sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        ", trace_context FROM notifications WHERE id = $1 FOR UPDATE"
    ))
    .bind(id)
    .fetch_optional(tx)
    .await?;
    row.map(FoundRow::found).transpose()
}

/// Like [`lock_by_id`], for a provider that knows its own id only.
pub(crate) async fn lock_by_reference(
    tx: &mut PgConnection,
    channel: Channel,
    reference: &str,
) -> sqlx::Result<Option<Found>> {
    let row: Option<FoundRow> = sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        ", trace_context FROM notifications WHERE provider_reference = $1 AND channel = $2 FOR UPDATE"
    ))
    .bind(reference)
    .bind(channel.name())
    .fetch_optional(tx)
    .await?;
    row.map(FoundRow::found).transpose()
}

/// A user's notifications that are not sent yet, kept from others until the transaction ends.
pub(crate) async fn lock_pending_of(
    tx: &mut PgConnection,
    user_id: Uuid,
) -> sqlx::Result<Vec<Notification>> {
    let rows: Vec<Row> = sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM notifications WHERE user_id = $1 AND status = 'pending' ORDER BY id FOR UPDATE"
    ))
    .bind(user_id)
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(Row::notification).collect()
}

/// Writes what a notification has become, if nobody was faster; `again_in` is when its next step is due. A step that only waits on is
/// not written over that of who woke it meanwhile: that counts its attempts anew.
pub(crate) async fn update(
    tx: &mut PgConnection,
    notification: &Notification,
    was: Stand,
    again_in: Option<Duration>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "UPDATE notifications SET status = $2, provider_reference = $3, failure_reason = $4, attempts = $5, updated_at = $6,
             next_attempt_at = now() + make_interval(secs => $7)
         WHERE id = $1 AND status = $8 AND (status <> $2 OR attempts = $9)",
    )
    .bind(notification.id)
    .bind(notification.status.name())
    .bind(&notification.provider_reference)
    .bind(&notification.failure_reason)
    .bind(count(notification.attempts))
    .bind(notification.updated_at)
    .bind(again_in.map(|pause| pause.as_secs_f64()))
    .bind(was.status.name())
    .bind(count(was.attempts))
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn count(attempts: u32) -> i32 {
    i32::try_from(attempts).unwrap_or(i32::MAX)
}

/// A user's notification. Somebody else's is not found.
pub(crate) async fn find(
    conn: &mut PgConnection,
    id: Uuid,
    user_id: Uuid,
) -> sqlx::Result<Option<Notification>> {
    let row: Option<Row> = sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM notifications WHERE id = $1 AND user_id = $2"
    ))
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
    let rows: Vec<Row> = sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM notifications WHERE user_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"
    ))
    .bind(user_id)
    .bind(before)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::notification).collect()
}
