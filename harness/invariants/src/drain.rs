//! The wait before judging: nothing is judged while events, records or payments are still under way.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::observed::Kafka;
use crate::patience::Patience;
use crate::source::Sources;

/// How long the system may stand still on its way to rest: longer than the minute after which an order that is being placed, or a
/// payment that was let in, is given up when the process died that began it.
pub const STANDSTILL: Duration = Duration::from_secs(90);

/// So many standstills it gets altogether, however much moves: what goes round in circles moves too.
const MOST_STANDSTILLS: u32 = 10;

/// Whether it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// What was still under way when time ran out; empty if it came to rest.
    pub left: Vec<String>,
    /// How long it took, in milliseconds.
    pub waited_ms: u64,
}

impl Rest {
    /// At rest at once.
    #[must_use]
    pub const fn at_once() -> Self {
        Self { left: Vec::new(), waited_ms: 0 }
    }

    /// Whether nothing was under way any more.
    #[must_use]
    pub const fn is_reached(&self) -> bool {
        self.left.is_empty()
    }
}

/// Waits until outboxes are empty, no consumer lags, no order is being placed or waits for a payment, no payment and no message is
/// unfinished, or until what is left has not changed for as long as `standstill`: how long a backlog takes is a matter of the
/// machine, that it is worked on is not.
///
/// A source that does not answer is one more thing that is left: it may be starting again. It is no change.
pub async fn drain(sources: &Sources, standstill: Duration) -> Rest {
    let mut patience = Patience::of_progress(standstill, MOST_STANDSTILLS);
    let mut before = None;
    loop {
        let look = sources.unfinished().await;
        if has_moved(&mut before, look.as_ref().ok()) {
            patience.progress();
        }
        let left = look.unwrap_or_else(|error| vec![format!("{error:#}")]);
        if left.is_empty() || !patience.pause().await {
            let waited_ms = u64::try_from(patience.spent().as_millis()).unwrap_or(u64::MAX);
            return Rest { left, waited_ms };
        }
    }
}

/// Whether what is left differs from what was left when somebody last could say so, which it then replaces.
fn has_moved(before: &mut Option<Vec<String>>, left: Option<&Vec<String>>) -> bool {
    let Some(left) = left else { return false };
    let known = before.replace(left.clone());
    known.is_some_and(|known| known != *left)
}

/// How far consumers lag, in sentences; empty if none does.
#[must_use]
pub fn lags<'a>(
    kafka: &Kafka,
    subscriptions: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<String> {
    let mut lags = Vec::new();
    for (consumer, topic) in subscriptions {
        let lag: i64 = kafka
            .logs
            .iter()
            .filter(|log| log.topic == topic)
            .map(|log| {
                log.high - position(kafka, consumer, topic, log.partition).unwrap_or(log.low)
            })
            .sum();
        if lag > 0 {
            lags.push(format!("{consumer} has {lag} records of {topic} before it"));
        }
    }
    lags
}

fn position(kafka: &Kafka, consumer: &str, topic: &str, partition: i32) -> Option<i64> {
    let is_it = |offset: &&crate::observed::Offset| {
        offset.group == consumer && offset.topic == topic && offset.partition == partition
    };
    kafka.offsets.iter().find(is_it).map(|offset| offset.committed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::{Log, Offset};

    fn kafka(committed: Option<i64>) -> Kafka {
        let offset = |committed| Offset {
            group: "order-service".to_owned(),
            topic: "payment-events".to_owned(),
            partition: 0,
            committed,
        };
        Kafka {
            logs: vec![Log { topic: "payment-events".to_owned(), partition: 0, low: 0, high: 5 }],
            records: Vec::new(),
            offsets: committed.map(offset).into_iter().collect(),
        }
    }

    fn lag(committed: Option<i64>) -> Vec<String> {
        lags(&kafka(committed), std::iter::once(("order-service", "payment-events")))
    }

    #[test]
    fn what_is_left_has_moved_when_it_differs_from_what_was_last_seen() {
        let (mut before, ten, nine) = (None, vec!["10".to_owned()], vec!["9".to_owned()]);
        for (left, moved) in [
            (Some(&ten), false),
            (Some(&ten), false),
            (None, false),
            (Some(&ten), false),
            (Some(&nine), true),
            (None, false),
            (Some(&ten), true),
        ] {
            assert_eq!(has_moved(&mut before, left), moved, "{before:?}");
        }
    }

    #[test]
    fn a_consumer_at_the_end_does_not_lag() {
        assert_eq!(lag(Some(5)), Vec::<String>::new());
    }

    #[test]
    fn a_consumer_that_never_committed_has_everything_before_it() {
        assert_eq!(lag(None), ["order-service has 5 records of payment-events before it"]);
        assert_eq!(lag(Some(3)), ["order-service has 2 records of payment-events before it"]);
    }
}
