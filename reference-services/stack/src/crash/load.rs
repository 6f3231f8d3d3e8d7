//! Customers while services die.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use ecotrack_invariants::{
    journal::Recorder,
    workload::{self, Addresses, Settings},
};
use uuid::Uuid;

use crate::{name::Name, stack::Stack};

const CUSTOMERS: usize = 20;
const VISITS_PER_SECOND: f64 = 10.0;
/// A visit takes about a second: many more under way than begin in one are a queue, which keeps a small machine from its recovery.
const MOST_VISITS: usize = 50;
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Logins are what user-service tells others of while the rest shops: one or two in a second get it to its crash points.
const SESSION_FOR: Duration = Duration::from_secs(15);
/// Longer than any lane: whoever plays is stopped when the lane is done.
const ENDLESS: Duration = Duration::from_hours(24);

/// Customers of a lane, and the journal they write.
#[derive(Debug)]
pub(super) struct Load {
    addresses: Addresses,
    seed: u64,
    journal: PathBuf,
}

impl Load {
    /// A bounded load; everything that is chosen follows from the seed.
    pub(super) fn on(stack: &Stack, seed: u64) -> anyhow::Result<Self> {
        let base = |name| Ok::<_, anyhow::Error>(stack.service(name)?.base().clone());
        let addresses = Addresses {
            users: base(Name::UserService)?,
            products: base(Name::ProductService)?,
            orders: base(Name::OrderService)?,
            payments: base(Name::PaymentService)?,
        };
        Ok(Self { addresses, seed, journal: stack.folder().join("journal.ndjson") })
    }

    /// For new customers each time: nobody knows the passwords of earlier ones any more.
    fn settings(&self) -> Settings {
        Settings {
            addresses: self.addresses.clone(),
            seed: self.seed,
            run: Uuid::new_v4().simple().to_string(),
            customers: CUSTOMERS,
            visits_per_second: VISITS_PER_SECOND,
            duration: ENDLESS,
            most_visits: MOST_VISITS,
            answer_within: ANSWER_WITHIN,
            session_for: SESSION_FOR,
        }
    }

    /// The journal's file.
    pub(super) fn journal(&self) -> &Path {
        &self.journal
    }

    /// Plays until `work` is done. What is under way then has no answer: the journal says so.
    pub(super) async fn during<T>(
        &self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        let recorder = Recorder::open(&self.journal)?;
        let settings = self.settings();
        tokio::select! {
            done = work => done,
            played = workload::play(&settings, &recorder) => {
                Err(anyhow::anyhow!("the load ended before its time: {played:?}"))
            }
        }
    }
}
