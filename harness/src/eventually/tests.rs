//! Time is paused: these tests take no time and see exact durations.

use std::cell::Cell;

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

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
    let sentence = error.to_string();
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
    assert!(error.to_string().contains("after 1 tries: no answer at all"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_error_while_asking_is_asked_again_and_stays_visible() {
    let error = eventually("an answer", MINUTE, || async {
        let answer: Result<(), anyhow::Error> =
            Err(anyhow::anyhow!("connection reset").context("asking Loki"));
        answer?;
        Ok(())
    })
    .await
    .unwrap_err();
    assert!(error.to_string().ends_with("asking Loki: connection reset"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn converge_wants_its_successes_in_a_row() {
    let tries = Cell::new(0);
    let condition = || {
        tries.set(tries.get() + 1);
        let seen = tries.get();
        async move { if seen == 2 { Err(Unmet::not_yet("a relapse")) } else { Ok(seen) } }
    };
    assert_eq!(converge("three in a row", MINUTE, 3, condition).await.unwrap(), 5);
}

#[tokio::test(start_paused = true)]
async fn consistently_looks_until_the_end() {
    let started = Instant::now();
    consistently("silence", MINUTE, || async { Ok(()) }).await.unwrap();
    assert_eq!(started.elapsed(), MINUTE);
}

#[tokio::test(start_paused = true)]
async fn consistently_ends_at_the_first_breach_and_says_when() {
    let started = Instant::now();
    let condition = || async move {
        if started.elapsed() >= Duration::from_secs(2) {
            Err(Unmet::not_yet("one alert"))
        } else {
            Ok(())
        }
    };
    let error = consistently("no alert", MINUTE, condition).await.unwrap_err();
    assert!(error.to_string().ends_with("seen after 2.0 s at look 9: one alert"), "{error}");
}
