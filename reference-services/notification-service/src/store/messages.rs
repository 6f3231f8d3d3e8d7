//! What is being sent, word for word, from the first attempt until a provider has it.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::message::Message;

/// A message with its address. Personal, hence without `Debug`.
pub(crate) struct Prepared {
    pub(crate) address: String,
    pub(crate) message: Message,
}

#[derive(sqlx::FromRow)]
struct Row {
    address: String,
    subject: String,
    body: String,
    html: Option<String>,
}

/// The message of a notification, if it was prepared.
pub(crate) async fn find_message(
    conn: &mut PgConnection,
    notification_id: Uuid,
) -> sqlx::Result<Option<Prepared>> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT address, subject, body, html FROM messages WHERE notification_id = $1",
    )
    .bind(notification_id)
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let message = Message { subject: row.subject, body: row.body, html: row.html };
        Prepared { address: row.address, message }
    }))
}

/// Keeps a message until it is sent. The first one stays. A notification that ended meanwhile gets none: its user may be erased.
pub(crate) async fn keep_message(
    conn: &mut PgConnection,
    notification_id: Uuid,
    prepared: &Prepared,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO messages (notification_id, user_id, address, subject, body, html)
         SELECT id, user_id, $2, $3, $4, $5 FROM notifications WHERE id = $1 AND status = 'pending' FOR UPDATE
         ON CONFLICT (notification_id) DO NOTHING",
    )
    .bind(notification_id)
    .bind(&prepared.address)
    .bind(&prepared.message.subject)
    .bind(&prepared.message.body)
    .bind(&prepared.message.html)
    .execute(conn)
    .await
    .map(drop)
}

/// Drops a message that need not be sent again.
pub(crate) async fn drop_message(
    conn: &mut PgConnection,
    notification_id: Uuid,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM messages WHERE notification_id = $1")
        .bind(notification_id)
        .execute(conn)
        .await
        .map(drop)
}
