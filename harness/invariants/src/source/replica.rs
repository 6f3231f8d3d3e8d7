//! How far the read replica is behind.

use anyhow::Context as _;
use sqlx::PgPool;

use crate::observed::ReplicaLag;

/// How often the replica is asked.
const SAMPLES: u64 = 5;

/// Asks the replica, if there is one. A server that replays nothing is no replica, and that is an error.
pub async fn lag(replica: Option<&PgPool>) -> anyhow::Result<Option<ReplicaLag>> {
    let Some(pool) = replica else { return Ok(None) };
    let mut worst = 0.0_f64;
    for _ in 0..SAMPLES {
        // At rest nothing is written, so a replica that has received all there is and replayed it is not behind, however old
        // its last transaction.
        let lag: Option<f64> = sqlx::query_scalar(
            "SELECT CASE WHEN NOT pg_is_in_recovery() THEN NULL
                         WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
                         ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000
                    END::double precision",
        )
        .fetch_one(pool)
        .await
        .context("cannot ask the replica")?;
        worst = worst.max(lag.context("the replica's URL leads to a server that replays nothing")?);
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a lag is not negative and not ages"
    )]
    let worst_ms = worst as u64;
    Ok(Some(ReplicaLag { worst_ms, samples: SAMPLES }))
}
