//! What others ordered, read from `reservations`.

use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use super::money;
use crate::domain::{Image, Suggestion};

/// Products of one answer at most.
const MOST: i64 = 12;
/// How far back it matters what was ordered.
const PERIOD: &str = "interval '30 days'";
/// Orders of a product that are looked at for what else was in them. More would say the same and take longer.
const NEWEST: i64 = 2_000;

#[derive(FromRow)]
struct Row {
    id: Uuid,
    name: String,
    price: i64,
    currency: String,
    category_id: Uuid,
    sustainability_score: i16,
    image: Option<Json<Image>>,
}

impl TryFrom<Row> for Suggestion {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            name: row.name,
            price: money(row.price, &row.currency)?.to_decimal(),
            currency: row.currency,
            category_id: row.category_id,
            sustainability_score: row.sustainability_score,
            image: row.image.map(|Json(image)| image),
        })
    }
}

/// The products most ordered of late; among equals the more sustainable ones first.
pub(crate) async fn fetch_popular(
    connection: &mut PgConnection,
) -> Result<Vec<Suggestion>, sqlx::Error> {
    let mut sql = QueryBuilder::new(
        "with demand as (select product_id, sum(quantity) as pieces from reservations \
         where status in ('held', 'sold') and created_at > now() - ",
    );
    sql.push(PERIOD).push(" group by product_id) ");
    fetch(connection, sql, "left join demand on product_id = products.id where stock > 0").await
}

/// The products that most orders had together with one, of the newest orders of that one.
pub(crate) async fn fetch_bought_together(
    connection: &mut PgConnection,
    product_id: Uuid,
) -> Result<Vec<Suggestion>, sqlx::Error> {
    let mut sql = QueryBuilder::new(
        "with own as (select order_id, product_id from reservations \
             where status in ('held', 'sold') and created_at > now() - ",
    );
    sql.push(PERIOD).push(" and product_id = ").push_bind(product_id);
    sql.push(" order by created_at desc limit ").push_bind(NEWEST);
    sql.push(
        "), demand as (select others.product_id, count(*) as pieces from own \
             join reservations others on others.order_id = own.order_id and others.product_id <> own.product_id \
             group by others.product_id) ",
    );
    fetch(connection, sql, "join demand on product_id = products.id where stock > 0").await
}

async fn fetch(
    connection: &mut PgConnection,
    mut sql: QueryBuilder<Postgres>,
    from: &'static str,
) -> Result<Vec<Suggestion>, sqlx::Error> {
    sql.push(
        "select products.id, name, price, currency, category_id, sustainability_score, \
             (select jsonb_build_object('image_url', image_url, 'alt_text', alt_text) from product_images \
              where product_id = products.id order by position limit 1) as image \
         from products ",
    );
    sql.push(from);
    sql.push(
        " and archived_at is null \
         order by coalesce(pieces, 0) desc, sustainability_score desc, products.id limit ",
    );
    let rows: Vec<Row> = sql.push_bind(MOST).build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(Suggestion::try_from).collect()
}
