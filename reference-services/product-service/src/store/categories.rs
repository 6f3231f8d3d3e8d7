//! `categories`.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Category, CategoryChange, NewCategory, Parents, Place};

type Row = (Uuid, String, String, String, Option<Uuid>);

/// All categories, each with its parent, by name.
pub(crate) async fn fetch_all(
    connection: &mut PgConnection,
) -> Result<Vec<(Option<Uuid>, Category)>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, slug, name, description, parent_id from categories order by name, id",
    )
    .fetch_all(connection)
    .await?;
    let category = |(id, slug, name, description, parent): Row| {
        (parent, Category { id, slug, name, description, children: Vec::new() })
    };
    Ok(rows.into_iter().map(category).collect())
}

/// The shape of the tree, which nobody else changes until the transaction ends: two moves, each fine by itself, can make a circle.
pub(crate) async fn lock_shape(connection: &mut PgConnection) -> Result<Parents, sqlx::Error> {
    sqlx::query("lock table categories in share row exclusive mode")
        .execute(&mut *connection)
        .await?;
    let rows: Vec<(Uuid, Option<Uuid>)> =
        sqlx::query_as("select id, parent_id from categories").fetch_all(connection).await?;
    Ok(rows.into_iter().collect())
}

/// Adds a category. Says false when its slug is taken.
pub(crate) async fn insert(
    connection: &mut PgConnection,
    id: Uuid,
    category: &NewCategory,
) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "insert into categories (id, slug, name, description, parent_id) values ($1, $2, $3, $4, $5) \
         on conflict (slug) do nothing",
    )
    .bind(id)
    .bind(&category.slug)
    .bind(&category.name)
    .bind(&category.description)
    .bind(category.parent_id)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Renames or moves a category.
pub(crate) async fn update(
    connection: &mut PgConnection,
    id: Uuid,
    change: &CategoryChange,
) -> Result<(), sqlx::Error> {
    let (moves, parent) = match change.place {
        Place::Same => (false, None),
        Place::Below(parent) => (true, parent),
    };
    sqlx::query(
        "update categories set name = coalesce($2, name), description = coalesce($3, description), \
             parent_id = case when $4 then $5 else parent_id end where id = $1",
    )
    .bind(id)
    .bind(&change.name)
    .bind(&change.description)
    .bind(moves)
    .bind(parent)
    .execute(connection)
    .await
    .map(drop)
}
