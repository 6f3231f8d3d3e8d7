//! Ratios, measured side by side in one run: what a service spends on a request against what the request would cost without it.
//!
//! CPU seconds per 1,000 requests come first: on a busy machine they move least. Rounds are interleaved (A, B, B, A), and the
//! two A of a round say how far apart the same thing measures.

mod cached_read;
mod drive;
mod rounds;
mod start_up;
mod telemetry;
mod usage;

use crate::{report::Report, stack::Stack};
use rounds::Scale;

/// Runs every benchmark. `is_smoke` makes it short: figures then only show that it runs.
pub async fn all(stack: &Stack, is_smoke: bool) -> anyhow::Result<Vec<Report>> {
    let scale = if is_smoke { Scale::smoke() } else { Scale::full() };
    Ok(vec![
        cached_read::run(stack, &scale).await?,
        telemetry::run(stack, &scale).await?,
        start_up::run(stack, &scale).await?,
    ])
}
