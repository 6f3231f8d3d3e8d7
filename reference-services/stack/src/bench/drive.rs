//! A closed loop of requests at one route, and what they cost.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures::future::try_join_all;
use reqwest::StatusCode;
use url::Url;

use super::usage::cpu_seconds;
use crate::{service::Service, stack::client};

/// Connections at once.
const CONNECTIONS: usize = 8;
const PER_THOUSAND: f64 = 1_000.0;

/// What a round of requests cost.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// CPU seconds of the service's process per 1,000 requests.
    pub(super) cpu: f64,
    /// Requests a second.
    pub(super) rate: f64,
}

/// Asks a service for a path until time is up. Anything but 200 is an error.
pub(super) async fn drive(
    service: &Service,
    path: &str,
    token: Option<&str>,
    time: Duration,
) -> anyhow::Result<Sample> {
    let pid = service.process_id().context("the service does not run")?;
    let url = service.base().join(path)?;
    let http = client()?;
    // Connections are open and caches warm before anything is counted.
    ask_all(&http, &url, token, Duration::ZERO).await?;
    let (began, used) = (Instant::now(), cpu_seconds(pid)?);
    let count = ask_all(&http, &url, token, time).await?;
    let (elapsed, spent) = (began.elapsed(), cpu_seconds(pid)? - used);
    let count = f64::from(u32::try_from(count)?);
    Ok(Sample { cpu: spent / count * PER_THOUSAND, rate: count / elapsed.as_secs_f64() })
}

async fn ask_all(
    http: &reqwest::Client,
    url: &Url,
    token: Option<&str>,
    time: Duration,
) -> anyhow::Result<usize> {
    let counts = try_join_all((0..CONNECTIONS).map(|_| ask(http, url, token, time))).await?;
    Ok(counts.into_iter().sum())
}

async fn ask(
    http: &reqwest::Client,
    url: &Url,
    token: Option<&str>,
    time: Duration,
) -> anyhow::Result<usize> {
    let began = Instant::now();
    let mut count = 0;
    loop {
        let request = http.get(url.clone());
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let answer = request.send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        ensure!(
            status == StatusCode::OK,
            "{url} answered {status}: {}",
            String::from_utf8_lossy(&body)
        );
        count += 1;
        if began.elapsed() >= time {
            return Ok(count);
        }
    }
}
