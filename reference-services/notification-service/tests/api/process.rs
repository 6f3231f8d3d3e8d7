//! The service as a process.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::test_support::{Client, eventually};
use futures::future::try_join_all;
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::helpers::{TestApp, free_address};

/// Rounds of requests, each of which is a line and a span: more than a pipe and the queues before it take together.
const REQUESTS: (usize, usize) = (100, 50);
/// What may be kept for a collector that takes nothing, in kilobytes.
const MOST_KEPT: u64 = 20 * 1024;
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
    let mut command = app.command()?;
    // Nobody reads what comes out here.
    command.env("ECOTRACK_LOG", "info").stdout(Stdio::piped());
    let (mut process, client) = serve(command).await?;
    for _ in 0..REQUESTS.0 {
        ask(&client).await.context("requests wait for who reads the lines")?;
    }
    ensure!(
        counted(&client, "log_lines_lost_total").await? > 0,
        "no line was lost: this test tested nothing"
    );
    let id = process.id().and_then(|id| Pid::from_raw(id.cast_signed())).context("it ended")?;
    kill_process(id, Signal::TERM)?;
    let ended = tokio::time::timeout(PATIENCE, process.wait()).await;
    ensure!(ended.context("it waits for who reads the lines")??.success());
    Ok(())
}

#[tokio::test]
async fn a_collector_that_takes_nothing_costs_spans_and_neither_requests_nor_memory() -> Result<()>
{
    let app = TestApp::without_service().await?;
    // Connections are taken by the system, and nobody speaks on them.
    let silent = TcpListener::bind("127.0.0.1:0").await?;
    let mut command = app.command()?;
    command
        .env("OTEL_TRACES_SAMPLER_ARG", "1")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", silent.local_addr()?))
        .stdout(Stdio::null());
    let (mut process, client) = serve(command).await?;
    // What any load needs, it has from then on.
    for _ in 0..REQUESTS.0 / 10 {
        ask(&client).await?;
    }
    let before = resident_kilobytes(&process)?;
    let mut rounds = 0;
    // A busy machine gives up on spans as fast as it makes them, for a while.
    while rounds < 2 * REQUESTS.0
        || counted(&client, "telemetry_spans_total{result=\"dropped\"}").await? == 0
    {
        ask(&client).await.context("requests wait for the collector")?;
        rounds += 1;
        ensure!(rounds < 20 * REQUESTS.0, "no span was dropped: this test tested nothing");
    }
    let grown = resident_kilobytes(&process)?.saturating_sub(before);
    ensure!(grown <= MOST_KEPT, "{grown} KiB more are resident");
    Ok(process.kill().await?)
}

/// Starts it at an address of its own, and waits until it answers there.
async fn serve(mut command: Command) -> Result<(Child, Client)> {
    let address = free_address()?;
    let process = command.env("ECOTRACK_HTTP_ADDR", &address).spawn()?;
    let client = Client::new(format!("http://{address}").parse()?)?;
    eventually(|| async { client.get("/actuator/health/liveness").await.map(drop) }).await?;
    Ok((process, client))
}

/// Asks many times at once.
async fn ask(client: &Client) -> Result<()> {
    let refused = (0..REQUESTS.1).map(|_| client.get("/api/notifications"));
    for answer in tokio::time::timeout(PATIENCE, try_join_all(refused)).await?? {
        answer.expect(401)?;
    }
    Ok(())
}

/// What a counter says. Before it counts for the first time there is none.
async fn counted(client: &Client, series: &str) -> Result<u64> {
    let metrics = client.get("/actuator/prometheus").await?.expect(200)?.text;
    let value = metrics.lines().find_map(|line| line.strip_prefix(series));
    value.map_or(Ok(0), |value| Ok(value.trim().parse()?))
}

fn resident_kilobytes(process: &Child) -> Result<u64> {
    let id = process.id().context("it ended")?;
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = resident.and_then(|text| text.split_whitespace().next());
    Ok(number.context("no VmRSS")?.parse()?)
}
