//! Events of sessions that end many at a time. A user may have had thousands: they are one statement, not one each.

use chrono::{DateTime, Utc};
use ecotrack_chassis::{kafka::Record, telemetry::propagation};
use ecotrack_events::{Envelope, user::UserLogout};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::SERVICE;

/// Writes to the outbox that these sessions of a user have ended.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    user_id: Uuid,
    sessions: &[Uuid],
    at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let context = propagation::outgoing();
    let (mut ids, mut topics, mut keys, mut headers, mut payloads) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for session_id in sessions {
        let event = UserLogout { user_id, session_id: *session_id, logged_out_at: at };
        let envelope = Envelope::new(SERVICE, event);
        let record = Record::of_event(&envelope, context.clone())
            .map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
        ids.push(envelope.id);
        topics.push(record.topic);
        keys.push(record.key);
        headers.push(Json(record.headers));
        payloads.push(record.payload);
    }
    sqlx::query(
        "insert into outbox (event_id, topic, key, headers, payload) \
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[], $5::bytea[])",
    )
    .bind(ids)
    .bind(topics)
    .bind(keys)
    .bind(headers)
    .bind(payloads)
    .execute(connection)
    .await
    .map(drop)
}
