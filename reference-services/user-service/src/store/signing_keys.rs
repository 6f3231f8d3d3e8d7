//! `signing_keys`: the public keys of all replicas, those that end and those that begin.

use chrono::{DateTime, Utc};
use ecotrack_chassis::auth::Jwk;
use sqlx::{PgConnection, types::Json};

/// A published key.
#[derive(Clone, sqlx::FromRow)]
pub(crate) struct Published {
    pub(crate) kid: String,
    pub(crate) public_key: Json<Jwk>,
    pub(crate) since: DateTime<Utc>,
    pub(crate) until: DateTime<Utc>,
}

/// Publishes a key until a time, or longer where it was published longer already.
pub(crate) async fn publish(
    connection: &mut PgConnection,
    kid: &str,
    public_key: &Jwk,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into signing_keys (kid, public_key, published_at, expires_at) values ($1, $2, $3, $4) \
         on conflict (kid) do update set expires_at = greatest(signing_keys.expires_at, excluded.expires_at)",
    )
    .bind(kid)
    .bind(Json(public_key))
    .bind(now)
    .bind(until)
    .execute(connection)
    .await
    .map(drop)
}

/// The keys that are published, the newest first.
pub(crate) async fn list(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<Published>, sqlx::Error> {
    sqlx::query_as(
        "select kid, public_key, published_at as since, expires_at as until from signing_keys where expires_at > $1 order by published_at desc",
    )
    .bind(now)
    .fetch_all(connection)
    .await
}

/// Forgets the keys whose last token has expired.
pub(crate) async fn delete_expired(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query("delete from signing_keys where expires_at <= $1")
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}
