//! Whether objects are ready, and waiting until they are.

mod diagnosis;
mod verdict;

use std::time::Duration;

use tokio::time::Instant;

use crate::cluster::Cluster;
use crate::error::{InstallError, NotReady};
use crate::manifest::Object;
use crate::progress::{Event, Reporter};
use verdict::{Verdict, can_be_unready, verdict};

/// Between two looks. A look is a start of kubectl, which costs as much as what is waited for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The first line about a wait comes after this long, the next ones this far apart.
const TELL_EVERY: Duration = Duration::from_secs(15);

/// Waits for objects on behalf of a part.
pub(crate) struct Waiter<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) reporter: &'a Reporter,
    pub(crate) part: &'a str,
    /// How long everything this waiter waits for may take together.
    pub(crate) deadline: Duration,
    pub(crate) began: Instant,
}

impl Waiter<'_> {
    /// Returns when every object is ready; fails when one has failed for good or the deadline is over.
    pub(crate) async fn until_ready(&self, objects: &[Object]) -> Result<(), InstallError> {
        let mut waiting: Vec<Object> =
            objects.iter().filter(|object| can_be_unready(object)).cloned().collect();
        let mut told = Instant::now();
        loop {
            let live = self.cluster.fetch(&waiting).await?;
            let unready = unready(&waiting, &live);
            let Some((first, state)) = unready.first() else { return Ok(()) };
            if let Some((object, reason)) = unready
                .iter()
                .find_map(|(object, state)| state.failure().map(|reason| (object, reason)))
            {
                return Err(self.not_ready(object, reason).await);
            }
            if self.began.elapsed() >= self.deadline {
                return Err(self.not_ready(first, state.words()).await);
            }
            if told.elapsed() >= TELL_EVERY {
                told = Instant::now();
                self.tell(first, state.words()).await;
            }
            waiting = unready.into_iter().map(|(object, _)| object).collect();
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Tells what is waited for and why, so that a wait that is in vain is seen long before its deadline.
    async fn tell(&self, object: &Object, state: &str) {
        let mut words = vec![format!("{}: {state}", object.label())];
        words.extend(diagnosis::diagnose(self.cluster, object).await.evidence.into_iter().take(1));
        let part = self.part.to_owned();
        (self.reporter)(Event::Waiting { part, object: words.join("; ") });
    }

    async fn not_ready(&self, object: &Object, state: &str) -> InstallError {
        let found = diagnosis::diagnose(self.cluster, object).await;
        InstallError::NotReady(Box::new(NotReady {
            part: self.part.to_owned(),
            object: object.label(),
            after: self.began.elapsed(),
            state: state.to_owned(),
            evidence: found.evidence,
            next: found.next,
        }))
    }
}

/// What is not ready, as the cluster has it, or as it was asked for where the cluster has none.
fn unready(wanted: &[Object], live: &[Object]) -> Vec<(Object, Verdict)> {
    let look = |object: &Object| match live.iter().find(|other| object.is(other)) {
        Some(found) => (found.clone(), verdict(found)),
        None => (object.clone(), Verdict::Waiting("it does not exist".to_owned())),
    };
    wanted.iter().map(look).filter(|(_, verdict)| !matches!(verdict, Verdict::Ready)).collect()
}
