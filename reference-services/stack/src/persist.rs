//! Asking a busy service again as a good client does: later each time, and not in step with the others who were turned away.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};

/// First pause, before jitter.
const SHORTEST: Duration = Duration::from_millis(50);
/// Longest pause, before jitter.
const LONGEST: Duration = Duration::from_secs(1);
/// Pauses altogether; answers take their own time.
const ALTOGETHER: Duration = Duration::from_secs(30);

/// Asks until it works or [`ALTOGETHER`] is spent; then the last error says why.
pub(crate) async fn persist<T, Fut>(ask: impl FnMut() -> Fut) -> anyhow::Result<T>
where
    Fut: Future<Output = anyhow::Result<T>>,
{
    let pauses = ExponentialBuilder::default()
        .with_min_delay(SHORTEST)
        .with_max_delay(LONGEST)
        .with_total_delay(Some(ALTOGETHER))
        .without_max_times()
        .with_jitter();
    ask.retry(pauses).await
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn whoever_is_turned_away_comes_again_later_each_time_and_not_for_ever() {
        let (began, mut asked) = (Instant::now(), Vec::new());
        let refused = persist(|| {
            asked.push(began.elapsed());
            async { anyhow::Result::<()>::Err(anyhow!("503")) }
        });
        assert_eq!(refused.await.unwrap_err().to_string(), "503");
        assert!((16..120).contains(&asked.len()), "{asked:?}");
        assert!(began.elapsed() <= ALTOGETHER + 2 * LONGEST, "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_success_is_the_last_question() {
        let mut asked = 0;
        let answer = persist(|| {
            asked += 1;
            let answer = if asked < 3 { Err(anyhow!("503")) } else { Ok(asked) };
            async { answer }
        });
        assert_eq!(answer.await.unwrap(), 3);
    }
}
