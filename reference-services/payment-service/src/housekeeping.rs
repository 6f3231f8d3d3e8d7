//! What is kept for a while, for what may come again, and then goes.

use chrono::TimeDelta;
use ecotrack_chassis::idempotency;
use ecotrack_chassis::postgres::Database;
use ecotrack_chassis::workers::Progress;

use crate::store::{self, intents};

/// How long an event of a provider is remembered: providers send one again for up to three days. One that came even later would tell
/// nothing new: a payment learns the same thing once.
const EVENTS_FOR: TimeDelta = TimeDelta::days(4);
/// Rows of one step, so that no step holds locks for long.
const BATCH: i64 = 1_000;

/// Forgets one batch of events of providers.
pub(crate) async fn forget_events(database: Database) -> anyhow::Result<Progress> {
    let mut conn = database.acquire().await?;
    let forgotten = store::forget_events(&mut conn, EVENTS_FOR, BATCH).await?;
    Ok(Progress::of_batch(forgotten, BATCH))
}

/// Forgets one batch of intents that were given up, once their requests cannot come again under their keys.
pub(crate) async fn forget_intents(database: Database) -> anyhow::Result<Progress> {
    let mut conn = database.acquire().await?;
    let forgotten = intents::forget(&mut conn, idempotency::LIFE, BATCH).await?;
    Ok(Progress::of_batch(forgotten, BATCH))
}
