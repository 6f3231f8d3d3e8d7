//! A client that keeps asking while something happens, and remembers every answer it did not like.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Call, EcoTrack, Ids};
use crate::eventually::within;

/// Time between two requests: enough to be a load, little enough to leave the machine to the services.
const PACE: Duration = Duration::from_millis(50);

/// What became of all requests.
#[derive(Debug, Default)]
pub struct Tally {
    /// Requests answered with 200.
    pub succeeded: u64,
    /// What the others were answered, or why they were not.
    pub failures: Vec<String>,
}

/// Asks until it is stopped; dropping it stops it too.
pub struct SteadyClient {
    asking: JoinHandle<Tally>,
    stop: CancellationToken,
    _guard: DropGuard,
}

impl SteadyClient {
    /// Starts to send the request again and again, each time with ids of its own.
    #[must_use]
    pub fn start(ecotrack: Arc<EcoTrack>, call: Call) -> Self {
        let stop = CancellationToken::new();
        let asking = tokio::spawn(ask(ecotrack, call, stop.clone()));
        Self { asking, _guard: stop.clone().drop_guard(), stop }
    }

    /// Stops after the request that is under way.
    pub async fn finish(self) -> Result<Tally> {
        self.stop.cancel();
        self.asking.await.context("the steady client did not end well")
    }
}

async fn ask(ecotrack: Arc<EcoTrack>, call: Call, stop: CancellationToken) -> Tally {
    let mut tally = Tally::default();
    loop {
        match ecotrack.send(&call, &Ids::unrelated()).await {
            Ok(answer) if answer.status == 200 => tally.succeeded += 1,
            Ok(answer) => tally.failures.push(answer.to_string()),
            Err(error) => tally.failures.push(format!("{error:#}")),
        }
        if within(PACE, stop.cancelled()).await.is_some() {
            return tally;
        }
    }
}
