//! Time is paused: these tests take no time and see exact durations.

use std::cell::Cell;

use super::*;

const MINUTE: Duration = Duration::from_mins(1);
const SECOND: Duration = Duration::from_secs(1);

/// As a report writes it: the wait and, behind it, what was seen last.
fn sentence(error: WaitError) -> String {
    format!("{:#}", anyhow::Error::new(error))
}

#[tokio::test(start_paused = true)]
async fn a_condition_that_holds_at_once_costs_no_time() {
    let started = Instant::now();
    let value = eventually("a value", MINUTE, || async { Ok(7) }).await.unwrap();
    assert_eq!(value, 7);
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_condition_that_comes_true_ends_the_wait() {
    let tries = Cell::new(0);
    let condition = || {
        tries.set(tries.get() + 1);
        let seen = tries.get();
        async move { if seen < 4 { Err(Unmet::not_yet(format!("seen {seen}"))) } else { Ok(seen) } }
    };
    assert_eq!(eventually("four", MINUTE, condition).await.unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_names_the_last_reason_the_time_and_the_tries() {
    let error =
        eventually("an answer", MINUTE, || async { Err::<(), _>(Unmet::not_yet("status 503")) })
            .await
            .unwrap_err();
    let sentence = sentence(error);
    assert!(
        sentence.starts_with("expected an answer within 60.0 s, last seen after "),
        "{sentence}"
    );
    assert!(sentence.ends_with("tries: status 503"), "{sentence}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_condition_ends_the_wait_at_once() {
    let started = Instant::now();
    let error = eventually("a pod", MINUTE, || async {
        Err::<(), _>(Unmet::failed(anyhow::anyhow!("image not found")))
    })
    .await
    .unwrap_err();
    assert!(matches!(error, WaitError::Failed { tries: 1, .. }));
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_hangs_is_cut_at_the_deadline() {
    let started = Instant::now();
    let error =
        eventually("an answer", MINUTE, std::future::pending::<Observed<()>>).await.unwrap_err();
    assert_eq!(started.elapsed(), MINUTE);
    let sentence = sentence(error);
    assert!(sentence.ends_with("after 1 tries: no answer at all"), "{sentence}");
}

#[tokio::test(start_paused = true)]
async fn an_error_while_asking_is_asked_again_and_stays_visible_with_its_type() {
    let error = eventually("an answer", MINUTE, || async {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        let answer: anyhow::Result<()> = Err(anyhow::Error::new(refused).context("asking Loki"));
        answer?;
        Ok(())
    })
    .await
    .unwrap_err();
    let error = anyhow::Error::new(error);
    assert!(format!("{error:#}").ends_with("asking Loki: connection reset"), "{error:#}");
    let kept = |cause: &(dyn std::error::Error + 'static)| cause.is::<std::io::Error>();
    assert!(error.chain().any(kept), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_before_says_more_than_a_question_cut_at_the_deadline() {
    let tries = Cell::new(0);
    let condition = || {
        tries.set(tries.get() + 1);
        let first = tries.get() == 1;
        async move {
            if first {
                Err::<(), _>(Unmet::not_yet("status 503"))
            } else {
                std::future::pending().await
            }
        }
    };
    let error = eventually("an answer", MINUTE, condition).await.unwrap_err();
    assert!(sentence(error).ends_with("after 2 tries: status 503"));
}

#[tokio::test(start_paused = true)]
async fn converge_wants_good_looks_in_a_row_spread_over_the_time_to_settle() {
    let (tries, started) = (Cell::new(0), Instant::now());
    let condition = || {
        tries.set(tries.get() + 1);
        let seen = tries.get();
        async move { if seen == 2 { Err(Unmet::not_yet("a relapse")) } else { Ok(seen) } }
    };
    assert_eq!(converge("three in a row", MINUTE, 2 * SECOND, condition).await.unwrap(), 5);
    // One good look, the relapse a second later, and after a short pause three good looks over two seconds.
    assert_eq!(started.elapsed(), SECOND + FASTEST_POLL + 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn what_holds_too_late_to_settle_says_so() {
    let error = converge("silence", SECOND, MINUTE, || async { Ok(()) }).await.unwrap_err();
    let sentence = sentence(error);
    assert!(sentence.ends_with("it held at 1 of 3 looks in a row"), "{sentence}");
}
