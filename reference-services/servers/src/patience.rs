//! Waiting for a condition, with a deadline and the reason why it did not come true.

use std::time::{Duration, Instant};

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(10);

/// Looks until a condition holds or `deadline` is over. The error of the last look says what was still missing.
pub async fn eventually<T, F, Fut>(deadline: Duration, mut look: F) -> anyhow::Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<T>>,
{
    let began = Instant::now();
    loop {
        match look().await {
            Ok(value) => return Ok(value),
            Err(error) if began.elapsed() >= deadline => {
                return Err(error.context(format!("not within {deadline:?}")));
            }
            Err(_) => tokio::time::sleep(INTERVAL).await,
        }
    }
}
