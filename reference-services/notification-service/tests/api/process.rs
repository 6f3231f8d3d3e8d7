//! The service as a process.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::test_support::{Client, eventually};
use futures::future::try_join_all;
use rustix::process::{Pid, Signal, kill_process};

use crate::helpers::{TestApp, free_address};

/// Rounds of requests, each of which is a line: more than a pipe and the queue before it take together.
const REQUESTS: (usize, usize) = (100, 50);
/// Longest a round takes; it is over in a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn what_is_in_its_memory_is_never_dumped() -> Result<()> {
    let app = TestApp::without_service().await?;
    let mut process = app.spawn()?;
    let limits = format!("/proc/{}/limits", process.id().context("it ended")?);
    eventually(|| async {
        let limits = std::fs::read_to_string(&limits)?;
        let core = limits.lines().find(|line| line.starts_with("Max core file size"));
        let core: Vec<_> = core.unwrap_or_default().split_whitespace().collect();
        ensure!(core.ends_with(&["0", "0", "bytes"]), "{core:?}");
        Ok(())
    })
    .await?;
    Ok(process.kill().await?)
}

#[tokio::test]
async fn a_reader_of_its_lines_who_stands_still_stops_neither_requests_nor_the_end() -> Result<()> {
    let app = TestApp::without_service().await?;
    let address = free_address()?;
    let mut command = app.command()?;
    command.env("ECOTRACK_HTTP_ADDR", &address).env("ECOTRACK_LOG", "info");
    // Nobody reads what comes out here.
    let mut process = command.stdout(Stdio::piped()).spawn()?;
    let client = Client::new(format!("http://{address}").parse()?)?;
    eventually(|| async { client.get("/actuator/health/liveness").await.map(drop) }).await?;
    for _ in 0..REQUESTS.0 {
        let refused = (0..REQUESTS.1).map(|_| client.get("/api/notifications"));
        let answers = tokio::time::timeout(PATIENCE, try_join_all(refused)).await;
        for answer in answers.context("requests wait for who reads the lines")?? {
            answer.expect(401)?;
        }
    }
    let metrics = client.get("/actuator/prometheus").await?.expect(200)?.text;
    let lost = metrics.lines().find_map(|line| line.strip_prefix("log_lines_lost_total "));
    ensure!(
        lost.context("no metric")?.parse::<u64>()? > 0,
        "no line was lost: this test tested nothing"
    );
    let id = process.id().and_then(|id| Pid::from_raw(id.cast_signed())).context("it ended")?;
    kill_process(id, Signal::TERM)?;
    let ended = tokio::time::timeout(PATIENCE, process.wait()).await;
    ensure!(ended.context("it waits for who reads the lines")??.success());
    Ok(())
}
