//! Searching `products`: by keyset, so that rows that come or go meanwhile neither shift nor repeat the others.

use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder, Row as _, postgres::PgRow};

use super::rows::{PRODUCT, ProductRow};
use crate::domain::{Key, Product, Search, Sort};

/// A product and where it stands in the order asked for.
pub(crate) struct Found {
    pub(crate) product: Product,
    pub(crate) key: Key,
}

/// A page of products, and one more if there are more.
pub(crate) async fn fetch_page(
    connection: &mut PgConnection,
    search: &Search,
) -> Result<Vec<Found>, sqlx::Error> {
    let rows = statement(search).build().fetch_all(connection).await?;
    rows.iter().map(|row| found(row, search.sort)).collect()
}

fn found(row: &PgRow, sort: Sort) -> Result<Found, sqlx::Error> {
    let product = Product::try_from(ProductRow::from_row(row)?)?;
    let key = Key { sort, value: row.try_get("sort_key")?, id: product.id };
    Ok(Found { product, key })
}

/// Only our own words are pushed; what the client says is bound.
fn statement(search: &Search) -> QueryBuilder<Postgres> {
    let mut sql =
        QueryBuilder::new("with recursive wanted as (select id from categories where slug = ");
    sql.push_bind(search.category.clone());
    sql.push(" union select below.id from categories below join wanted on below.parent_id = wanted.id) select ");
    sql.push(PRODUCT).push(", ");
    push_key(&mut sql, search);
    sql.push(" as sort_key from products where archived_at is null");
    push_filters(&mut sql, search);
    push_page(&mut sql, search);
    sql
}

fn push_filters(sql: &mut QueryBuilder<Postgres>, search: &Search) {
    if let Some(query) = &search.query {
        sql.push(" and search_text @@ websearch_to_tsquery('english', ")
            .push_bind(query.clone())
            .push(")");
    }
    if search.category.is_some() {
        sql.push(" and category_id in (select id from wanted)");
    }
    if let Some(currency) = search.currency {
        sql.push(" and currency = ").push_bind(currency.code());
    }
    if let Some(least) = search.min_price {
        sql.push(" and price >= ").push_bind(least);
    }
    if let Some(most) = search.max_price {
        sql.push(" and price <= ").push_bind(most);
    }
    if search.min_sustainability > 0 {
        sql.push(" and sustainability_score >= ").push_bind(search.min_sustainability);
    }
    if search.in_stock {
        sql.push(" and stock > 0");
    }
}

fn push_page(sql: &mut QueryBuilder<Postgres>, search: &Search) {
    let (after, direction) = if search.sort.is_descending() { ("<", "desc") } else { (">", "asc") };
    if let Some(key) = search.page.after {
        sql.push(" and (");
        push_key(sql, search);
        sql.push(", products.id) ").push(after).push(" (").push_bind(key.value);
        sql.push(", ").push_bind(key.id).push(")");
    }
    sql.push(" order by sort_key ").push(direction).push(", products.id ").push(direction);
    sql.push(" limit ").push_bind(search.page.limit.with_lookahead());
}

/// What is sorted by, always a bigint. A rank is a fraction that depends on nothing but the row and the query.
fn push_key(sql: &mut QueryBuilder<Postgres>, search: &Search) {
    match (search.sort, &search.query) {
        (Sort::PriceAsc | Sort::PriceDesc, _) => sql.push("price"),
        (Sort::Sustainability, _) => sql.push("sustainability_score::bigint"),
        (Sort::Relevance, Some(query)) => sql
            .push("(ts_rank(search_text, websearch_to_tsquery('english', ")
            .push_bind(query.clone())
            .push(")) * 1000000)::bigint"),
        (Sort::Oldest | Sort::Newest | Sort::Relevance, _) => sql.push("0::bigint"),
    };
}
