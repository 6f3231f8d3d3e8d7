//! Faults in force. The database's clock ends them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::decode;
use crate::fault::{ArmedFault, Concern, Fault, Mode};
use crate::provider::Provider;

/// A mode that this version does not know.
#[derive(Debug, thiserror::Error)]
#[error("unknown fault mode `{0}`")]
struct UnknownMode(String);

#[derive(sqlx::FromRow)]
struct Row {
    provider: String,
    mode: String,
    r#match: String,
    delay_ms: i32,
    armed_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    hits: i64,
}

impl Row {
    fn decode(self) -> sqlx::Result<ArmedFault> {
        Ok(ArmedFault {
            provider: decode(self.provider.parse())?,
            mode: decode(Mode::from_name(&self.mode).ok_or(UnknownMode(self.mode)))?,
            r#match: self.r#match,
            delay_ms: u64::try_from(self.delay_ms).unwrap_or_default(),
            armed_at: self.armed_at,
            expires_at: self.expires_at,
            hits: self.hits,
        })
    }
}

/// Arms a fault. It replaces the one that was armed for the same provider and text.
pub(crate) async fn arm(
    conn: &mut PgConnection,
    provider: Provider,
    fault: &Fault,
) -> sqlx::Result<ArmedFault> {
    let row: Row = sqlx::query_as(
        "INSERT INTO faults (provider, match, mode, delay_ms, expires_at, concerns)
         VALUES ($1, $2, $3, $4, now() + make_interval(secs => $5), $6)
         ON CONFLICT (provider, match, concerns) DO UPDATE SET mode = excluded.mode, delay_ms = excluded.delay_ms,
             armed_at = now(), expires_at = excluded.expires_at, hits = 0
         RETURNING *",
    )
    .bind(provider.name())
    .bind(fault.text())
    .bind(fault.mode().name())
    .bind(i32::try_from(fault.delay().as_millis()).unwrap_or(i32::MAX))
    .bind(fault.ttl().as_secs_f64())
    .bind(fault.mode().concerns().name())
    .fetch_one(conn)
    .await?;
    row.decode()
}

/// Ends a provider's faults, or only the one for a text. Answers how many there were.
pub(crate) async fn disarm(
    conn: &mut PgConnection,
    provider: Provider,
    text: Option<&str>,
) -> sqlx::Result<u64> {
    let done =
        sqlx::query("DELETE FROM faults WHERE provider = $1 AND ($2::text IS NULL OR match = $2)")
            .bind(provider.name())
            .bind(text)
            .execute(conn)
            .await?;
    Ok(done.rows_affected())
}

/// All faults in force.
pub(crate) async fn in_force(conn: &mut PgConnection) -> sqlx::Result<Vec<ArmedFault>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM faults WHERE expires_at > now() ORDER BY provider, match, concerns",
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::decode).collect()
}

/// The fault that befalls a call or webhook with this text, counted; of several the one that names it most exactly.
pub(crate) async fn meet(
    conn: &mut PgConnection,
    provider: Provider,
    concern: Concern,
    text: &str,
) -> sqlx::Result<Option<ArmedFault>> {
    let row: Option<Row> = sqlx::query_as(
        "UPDATE faults SET hits = hits + 1 WHERE (provider, match, concerns) = (
             SELECT provider, match, concerns FROM faults
             WHERE provider = $1 AND concerns = $3 AND expires_at > now() AND strpos($2, match) > 0
             ORDER BY length(match) DESC LIMIT 1)
         RETURNING *",
    )
    .bind(provider.name())
    .bind(text)
    .bind(concern.name())
    .fetch_optional(conn)
    .await?;
    row.map(Row::decode).transpose()
}
