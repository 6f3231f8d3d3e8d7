//! `kill -9` at random moments.

use std::time::{Duration, Instant};

use rand::{Rng as _, SeedableRng as _, rngs::StdRng};

use super::{load::Load, verdict::judge};
use crate::{name::Name, progress::Progress, report::Report, service::Service, stack::Stack};

/// Shortest and longest time a service works before it is killed, in milliseconds.
const LIFE: std::ops::Range<u64> = 200..1_500;
/// Longest 95 of 100 restarts may take until readiness.
const READY_WITHIN: Duration = Duration::from_secs(3);

/// What is killed, and how often.
#[derive(Debug, Clone)]
pub struct Kills {
    /// Kills of each service.
    pub each: usize,
    /// The services, in turns.
    pub services: Vec<Name>,
    /// What moments and load follow from.
    pub seed: u64,
}

/// Kills each service under load and starts it again, then judges. With the report comes what the judges said at length.
pub async fn at_random(stack: &Stack, kills: &Kills) -> anyhow::Result<(Report, String)> {
    let load = Load::on(stack, kills.seed)?;
    let mut report =
        Report::new(&format!("{} kills of each service, seed {}", kills.each, kills.seed));
    let mut ready = load.during(kill_all(stack, kills)).await?;
    ready.sort();
    report.equal("kills", &(kills.each * kills.services.len()), &ready.len());
    let slow = ready.get(ready.len() * 95 / 100).copied().unwrap_or_default();
    report.judged(
        "ready again, 95th percentile",
        "<= 3 s",
        &format!("{slow:.2?}"),
        slow <= READY_WITHIN,
    );
    let said = judge(stack, &load, &mut report).await?;
    Ok((report, said))
}

/// How long each restart took until readiness.
async fn kill_all(stack: &Stack, kills: &Kills) -> anyhow::Result<Vec<Duration>> {
    let mut random = StdRng::seed_from_u64(kills.seed);
    let mut ready = Vec::new();
    let mut progress = Progress::of("kills", kills.each * kills.services.len());
    for _ in 0..kills.each {
        for name in &kills.services {
            let life = Duration::from_millis(random.random_range(LIFE));
            tokio::time::sleep(life).await;
            ready.push(restart(stack.service(*name)?).await?);
            progress.step();
        }
    }
    Ok(ready)
}

async fn restart(service: &Service) -> anyhow::Result<Duration> {
    service.kill()?;
    let began = Instant::now();
    service.start()?;
    service.await_ready().await?;
    Ok(began.elapsed())
}
