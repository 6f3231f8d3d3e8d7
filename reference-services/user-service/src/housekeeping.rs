//! What has to be done now and then: the operator's admins, what erased accounts left in the outbox, sessions long over.

use std::time::Duration;

use chrono::TimeDelta;
use ecotrack_chassis::{
    postgres::{self, Database},
    workers::{Progress, Workers},
};
use uuid::Uuid;

use crate::store;

/// How often.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long a session is kept after its end.
const KEPT_AFTER_END: TimeDelta = TimeDelta::days(1);
/// Sessions deleted at once, so that no lock is held for long.
const BATCH: i64 = 500;

/// Starts the task. `admins` are admins as long as the setting names them.
pub(crate) fn start(database: Database, admins: Vec<Uuid>, workers: &Workers) {
    workers.repeat("housekeeping", INTERVAL, move || {
        let (database, admins) = (database.clone(), admins.clone());
        async move { tidy(&database, &admins).await }
    });
}

async fn tidy(database: &Database, admins: &[Uuid]) -> anyhow::Result<Progress> {
    let now = postgres::now();
    let mut connection = database.acquire().await?;
    if store::roles::ensure_admins(&mut connection, admins).await? > 0 {
        tracing::info!("the admins of ECOTRACK_ADMIN_USER_IDS are admins now");
    }
    if store::erasures::scrub(&mut connection, now).await? > 0 {
        tracing::info!("nothing is left of erased accounts");
    }
    let purged = store::sessions::purge(&mut connection, now - KEPT_AFTER_END, BATCH).await?;
    Ok(if purged == 0 { Progress::Idle } else { Progress::Worked })
}
