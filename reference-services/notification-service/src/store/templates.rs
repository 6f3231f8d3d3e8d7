//! What we write.

use sqlx::PgConnection;

use crate::domain::channel::Channel;
use crate::domain::message::Template;

/// The text of a template.
pub(crate) async fn find_template(
    conn: &mut PgConnection,
    name: &str,
    channel: Channel,
) -> sqlx::Result<Option<Template>> {
    let row: Option<(String, String, Option<String>)> = sqlx::query_as(
        "SELECT subject, body, html FROM templates WHERE name = $1 AND channel = $2",
    )
    .bind(name)
    .bind(channel.name())
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(subject, body, html)| Template { subject, body, html }))
}
