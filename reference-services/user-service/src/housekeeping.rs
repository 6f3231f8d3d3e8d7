//! What has to be done now and then: the operator's admins, what erased accounts left in the outbox, sessions long over.

use std::time::Duration;

use chrono::TimeDelta;
use ecotrack_chassis::{
    postgres::{self, Database},
    workers::{Progress, Workers},
};

use crate::{roles::Roles, store};

/// How often.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long a session is kept after its end.
const KEPT_AFTER_END: TimeDelta = TimeDelta::days(1);
/// Sessions deleted at once, so that no lock is held for long.
const BATCH: i64 = 500;

/// Starts the tasks: neither waits for the other, or fails with it.
pub(crate) fn start(database: Database, roles: Roles, workers: &Workers) {
    workers.repeat("admins", INTERVAL, move || {
        let roles = roles.clone();
        async move {
            roles.follow_setting().await?;
            Ok(Progress::Idle)
        }
    });
    workers.repeat("housekeeping", INTERVAL, move || {
        let database = database.clone();
        async move { tidy(&database).await }
    });
}

async fn tidy(database: &Database) -> anyhow::Result<Progress> {
    let now = postgres::now();
    let mut connection = database.acquire().await?;
    if store::erasures::scrub(&mut connection, now).await? > 0 {
        tracing::info!("nothing is left of erased accounts");
    }
    let purged = store::sessions::purge(&mut connection, now - KEPT_AFTER_END, BATCH).await?;
    Ok(if purged == 0 { Progress::Idle } else { Progress::Worked })
}
