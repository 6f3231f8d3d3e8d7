//! Asking a provider again while a request waits: always the same question under the same key.

use std::time::Duration;

use ecotrack_chassis::deadline;
use ecotrack_chassis::http_client::ClientError;
use ecotrack_chassis::retry::{Budget, EXTERNAL};

use crate::domain::method::Gateway;
use crate::domain::outcome::Outcome;

/// Longest a request waits for a provider, all attempts together.
const LONGEST: Duration = Duration::from_secs(8);
/// Kept of the request's time for writing down what came of it.
const RESERVE: Duration = Duration::from_secs(2);

/// How one attempt ended.
pub(super) struct Attempt {
    pub(super) outcome: Outcome,
    /// Whether asking again at once may help.
    may_help: bool,
}

impl Attempt {
    /// The provider answered, or said that it cannot.
    pub(super) fn answered(outcome: Outcome) -> Self {
        let may_help = matches!(outcome, Outcome::Unknown { .. });
        Self { outcome, may_help }
    }

    /// Something that is away now may be there in a moment.
    pub(super) fn again(reason: &str) -> Self {
        Self { outcome: Outcome::Unknown { reason: reason.to_owned() }, may_help: true }
    }

    /// There was no answer. If nobody was asked, nobody is asked again.
    pub(super) fn broken(gateway: Gateway, error: ClientError) -> Self {
        let is_unsent = error.is_unsent();
        let reason = if is_unsent { "not_asked" } else { "no_answer" };
        let error = format!("{:#}", anyhow::Error::from(error));
        tracing::warn!(error, gateway = gateway.name(), "the provider's answer is not known");
        Self { may_help: !is_unsent, ..Self::again(reason) }
    }
}

/// Asks until there is an answer, while the budget lasts and the request has time.
pub(super) async fn persist<Fut>(budget: &Budget, once: impl Fn() -> Fut) -> Outcome
where
    Fut: Future<Output = Attempt>,
{
    let no_answer = Outcome::Unknown { reason: "no_answer".to_owned() };
    let Some(time) = deadline::for_call(LONGEST + RESERVE) else { return no_answer };
    let asking = async {
        budget.deposit();
        let mut pauses = EXTERNAL.pauses();
        loop {
            let attempt = once().await;
            if !attempt.may_help {
                return attempt.outcome;
            }
            let Some(pause) = pauses.next().filter(|_| budget.withdraw()) else {
                return attempt.outcome;
            };
            tokio::time::sleep(pause).await;
        }
    };
    tokio::time::timeout(time.saturating_sub(RESERVE), asking).await.unwrap_or(no_answer)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Answers after so many failures; counts the attempts.
    async fn asked(budget: &Budget, failures: usize) -> (Outcome, usize) {
        let attempts = AtomicUsize::new(0);
        let outcome = persist(budget, || async {
            if attempts.fetch_add(1, Ordering::Relaxed) < failures {
                Attempt::again("no_answer")
            } else {
                Attempt::answered(Outcome::Accepted { reference: "pi_1".to_owned() })
            }
        })
        .await;
        (outcome, attempts.into_inner())
    }

    #[tokio::test]
    async fn there_are_five_attempts_at_most() {
        let budget = Budget::default();
        let (outcome, attempts) = asked(&budget, 4).await;
        assert_eq!((outcome.reference(), attempts), (Some("pi_1"), 5));
        let (outcome, attempts) = asked(&budget, 5).await;
        assert_eq!((outcome.reference(), attempts), (None, 5));
    }

    #[tokio::test]
    async fn without_a_budget_nobody_is_asked_again() {
        let budget = Budget::default();
        while budget.withdraw() {}
        assert_eq!(asked(&budget, 5).await.1, 1);
    }

    #[tokio::test]
    async fn a_definite_answer_is_the_last() {
        let attempts = AtomicUsize::new(0);
        persist(&Budget::default(), || async {
            attempts.fetch_add(1, Ordering::Relaxed);
            Attempt::answered(Outcome::Declined { reason: "card_declined".to_owned() })
        })
        .await;
        assert_eq!(attempts.into_inner(), 1);
    }
}
