//! Load: closed loops, which show what a request costs, and a steady rate, which shows what others do to it.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures::{TryStreamExt as _, stream::FuturesUnordered};
use reqwest::StatusCode;
use tokio::{task::JoinSet, time::MissedTickBehavior};
use url::Url;

use super::{
    latency::Latencies,
    rounds::{Limit, Rounds, Scale},
    usage::{cpu_seconds, per_thousand},
};
use crate::{report::Report, service::Service, stack::client};

/// Clients at once.
pub const CLIENTS: usize = 8;

/// A route of a process.
#[derive(Debug, Clone)]
pub struct Target {
    /// The process, whose use of CPU counts.
    pub process: u32,
    /// What is asked for.
    pub url: Url,
    /// Who asks.
    pub token: Option<String>,
}

/// What a round of requests cost.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// CPU seconds of the process per 1,000 requests.
    pub cpu: f64,
    /// Requests a second.
    pub rate: f64,
    /// Requests.
    pub count: u64,
}

impl Target {
    /// A route of a service.
    pub fn of(service: &Service, path: &str, token: Option<&str>) -> anyhow::Result<Self> {
        Ok(Self {
            process: service.process_id()?,
            url: service.base().join(path)?,
            token: token.map(str::to_owned),
        })
    }

    /// Asks once. Anything but 200 is an error.
    pub async fn ask(&self, http: &reqwest::Client) -> anyhow::Result<Vec<u8>> {
        let request = http.get(self.url.clone());
        let request = match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = request.send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        let shown =
            || format!("{} answered {status}: {}", self.url, String::from_utf8_lossy(&body));
        ensure!(status == StatusCode::OK, shown());
        Ok(body.into())
    }
}

/// A client that speaks plain HTTP on loopback.
pub fn http() -> anyhow::Result<reqwest::Client> {
    client()
}

/// Does work in closed loops until time is up, and says how long each took.
pub async fn repeat<F>(clients: usize, time: Duration, work: F) -> anyhow::Result<Latencies>
where
    F: AsyncFn(usize) -> anyhow::Result<()>,
{
    let (began, work) = (Instant::now(), &work);
    let loops = (0..clients).map(|client| async move {
        let mut seen = Latencies::new()?;
        loop {
            let asked = Instant::now();
            work(client).await?;
            seen.record(asked.elapsed());
            if began.elapsed() >= time {
                return anyhow::Ok(seen);
            }
        }
    });
    let seen: Vec<_> = loops.collect::<FuturesUnordered<_>>().try_collect().await?;
    super::latency::merged(&seen)
}

/// Asks for a route in closed loops until time is up.
pub async fn drive(target: &Target, time: Duration) -> anyhow::Result<Sample> {
    let http = &client()?;
    let ask = &async |_: usize| target.ask(http).await.map(drop);
    // Connections are open and caches warm before anything is counted.
    repeat(CLIENTS, time / 10, ask).await?;
    let (began, used) = (Instant::now(), cpu_seconds(target.process)?);
    let asked = repeat(CLIENTS, time, ask).await?;
    let (elapsed, spent) = (began.elapsed(), cpu_seconds(target.process)? - used);
    let count = f64::from(u32::try_from(asked.count())?);
    Ok(Sample {
        cpu: per_thousand(spent, count),
        rate: count / elapsed.as_secs_f64(),
        count: asked.count(),
    })
}

/// Asks for routes at a steady rate, whether answers come or not. Says for each how long its answers took.
pub async fn at_rate(
    targets: &[Target],
    each_per_second: u32,
    time: Duration,
) -> anyhow::Result<Vec<Latencies>> {
    let http = client()?;
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / each_per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut asked, began) = (JoinSet::new(), Instant::now());
    while began.elapsed() < time {
        ticks.tick().await;
        for (index, target) in targets.iter().cloned().enumerate() {
            let http = http.clone();
            asked.spawn(async move {
                let sent = Instant::now();
                target.ask(&http).await?;
                anyhow::Ok((index, sent.elapsed()))
            });
        }
    }
    let mut seen = targets.iter().map(|_| Latencies::new()).collect::<anyhow::Result<Vec<_>>>()?;
    while let Some(answer) = asked.join_next().await {
        let (index, took) = answer??;
        seen.get_mut(index).context("no such route")?.record(took);
    }
    Ok(seen)
}

impl Rounds<Sample> {
    /// Judges CPU of B over CPU of A, and shows what it rests on.
    pub fn judge_cpu(&self, scale: &Scale, report: &mut Report, most: f64, (a, b): (&str, &str)) {
        let (cpu, rate) = (self.ratio(|sample| sample.cpu), self.ratio(|sample| sample.rate));
        scale.judge_ratio(report, &format!("CPU of {b} over {a}"), Limit::AtMost(most), &cpu);
        report.noted(&format!("CPU s per 1,000, {a}"), &format!("{:.4}", cpu.a));
        report.noted(&format!("CPU s per 1,000, {b}"), &format!("{:.4}", cpu.b));
        report.noted(&format!("requests a second, {a}"), &format!("{:.0}", rate.a));
        report.noted(&format!("requests a second, {b}"), &format!("{:.0}", rate.b));
    }
}
