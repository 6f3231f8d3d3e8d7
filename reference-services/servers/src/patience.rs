//! Waiting for a condition, with a deadline and the reason why it did not come true.

use std::time::{Duration, Instant};

use anyhow::anyhow;

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(10);

/// Looks until a condition holds or `deadline` is over, also when a look hangs. The error of the last look that ended says what was
/// still missing.
pub async fn eventually<T, F, Fut>(deadline: Duration, mut look: F) -> anyhow::Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = anyhow::Result<T>>,
{
    let (began, mut missing) = (Instant::now(), anyhow!("no look ended"));
    loop {
        let left = deadline.saturating_sub(began.elapsed()).max(INTERVAL);
        match tokio::time::timeout(left, look()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => missing = error,
            Err(_elapsed) => missing = missing.context("the last look did not end; before it"),
        }
        if began.elapsed() >= deadline {
            return Err(missing.context(format!("not within {deadline:?}")));
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEADLINE: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn a_look_that_hangs_is_given_up_at_the_deadline() {
        let seen = eventually(DEADLINE, std::future::pending::<anyhow::Result<()>>).await;
        assert!(format!("{:#}", seen.unwrap_err()).contains("not within 50ms"));
    }

    #[tokio::test]
    async fn what_was_missing_before_a_look_hung_is_told() {
        let mut looks = 0;
        let seen = eventually(DEADLINE, || {
            looks += 1;
            let hangs = looks > 1;
            async move {
                if hangs {
                    std::future::pending().await
                } else {
                    anyhow::Result::<()>::Err(anyhow!("no pods"))
                }
            }
        });
        assert!(format!("{:#}", seen.await.unwrap_err()).ends_with("no pods"));
    }

    #[tokio::test]
    async fn the_last_look_says_what_was_missing() {
        let seen =
            eventually(DEADLINE, async || anyhow::Result::<()>::Err(anyhow!("no pods"))).await;
        assert!(format!("{:#}", seen.unwrap_err()).contains("no pods"));
    }
}
