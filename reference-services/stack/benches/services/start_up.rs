//! From the start of a process to its first answer, and to readiness.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use ecotrack_stack::{
    Name, Service, Stack,
    bench::{
        drive::http,
        latency::millis,
        rounds::{Limit, Scale},
    },
    report::Report,
};

/// From the start to the first 200, in milliseconds.
const MOST: f64 = 150.0;
/// Starts of which the median counts.
const STARTS: usize = 5;
const LIVENESS: &str = "/actuator/health/liveness";
/// How often a starting service is asked.
const OFTEN: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run(stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
    let mut report =
        Report::new("start of the process to its first 200 (liveness), and to readiness");
    for name in Name::SERVICES {
        let service = stack.service(name)?;
        let (mut answers, mut ready) = (Vec::new(), Vec::new());
        for _ in 0..scale.pick(STARTS, 1) {
            let began = Instant::now();
            answers.push(first_answer(service).await?);
            service.await_ready().await?;
            ready.push(began.elapsed());
        }
        let (answer, ready) = (median(answers)?, median(ready)?);
        let limit = Limit::AtMost(MOST);
        let shown = millis(answer);
        scale.judge(&mut report, &format!("{name}, ms"), limit, answer.as_secs_f64() * 1e3, &shown);
        report.noted(&format!("{name}, ready"), &millis(ready));
    }
    Ok(report)
}

async fn first_answer(service: &Service) -> anyhow::Result<Duration> {
    let (http, url) = (http()?, service.base().join(LIVENESS)?);
    service.kill()?;
    let began = Instant::now();
    service.start()?;
    while !http.get(url.clone()).send().await.is_ok_and(|answer| answer.status().is_success()) {
        ensure!(began.elapsed() < PATIENCE, "{} does not answer", service.name());
        tokio::time::sleep(OFTEN).await;
    }
    Ok(began.elapsed())
}

fn median(mut taken: Vec<Duration>) -> anyhow::Result<Duration> {
    taken.sort();
    taken.get(taken.len() / 2).copied().context("no start")
}
