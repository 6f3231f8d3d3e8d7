//! `categories`.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::Category;

type Row = (Uuid, String, String, String, Option<Uuid>);

/// All categories, each with its parent, by name.
pub(crate) async fn fetch_all(
    connection: &mut PgConnection,
) -> Result<Vec<(Option<Uuid>, Category)>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, slug, name, description, parent_id from categories order by name",
    )
    .fetch_all(connection)
    .await?;
    let category = |(id, slug, name, description, parent): Row| {
        (parent, Category { id, slug, name, description, children: Vec::new() })
    };
    Ok(rows.into_iter().map(category).collect())
}
