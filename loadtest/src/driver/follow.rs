//! Follows the Job's pod from its start to its last line.

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::{AsyncBufReadExt, StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ContainerState, Pod};
use kube::ResourceExt;
use kube::api::LogParams;
use kube::runtime::{WatchStreamExt, watcher};

use super::job::Job;
use crate::parcel::Line;

/// Lines kept for the case that the load fails.
const LAST_WORDS: usize = 20;
/// Why a container will never start.
const HOPELESS: [&str; 6] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
];

/// What the load wrote.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Pieces of the report, in order.
    pub(crate) report: String,
    /// The verdict as JSON.
    pub(crate) verdict: Option<String>,
    /// The last lines besides.
    pub(crate) words: Vec<String>,
}

/// Waits for the pod and reads its log to the end, all within the deadline.
pub(crate) async fn to_the_end(job: &Job, deadline: Duration) -> Result<Log> {
    let follow = async {
        let pod = started(job).await?;
        read(job, &pod).await
    };
    let within = || format!("the load did not end within {}", humantime::format_duration(deadline));
    tokio::time::timeout(deadline, follow).await.with_context(within)?
}

/// Name of the pod, once its container runs or has run.
async fn started(job: &Job) -> Result<String> {
    let selection = watcher::Config::default().labels("batch.kubernetes.io/job-name=loadtest");
    let mut pods = pin!(watcher(job.api::<Pod>(), selection).default_backoff().applied_objects());
    while let Some(pod) = pods.try_next().await.context("the load's pod cannot be watched")? {
        let state = container_state(&pod);
        if let Some(reason) = state.and_then(hopeless) {
            bail!("the load cannot start: {reason}");
        }
        if state.is_some_and(|state| state.running.is_some() || state.terminated.is_some()) {
            return Ok(pod.name_any());
        }
    }
    bail!("the load's pod cannot be watched any longer")
}

fn container_state(pod: &Pod) -> Option<&ContainerState> {
    pod.status.as_ref()?.container_statuses.as_ref()?.first()?.state.as_ref()
}

fn hopeless(state: &ContainerState) -> Option<String> {
    let waiting = state.waiting.as_ref()?;
    let reason = waiting.reason.as_deref().filter(|reason| HOPELESS.contains(reason))?;
    Some(format!("{reason}: {}", waiting.message.as_deref().unwrap_or_default()))
}

async fn read(job: &Job, pod: &str) -> Result<Log> {
    let follow = LogParams { follow: true, ..LogParams::default() };
    let stream =
        job.api::<Pod>().log_stream(pod, &follow).await.context("the load's log cannot be read")?;
    let (mut log, mut words) = (Log::default(), VecDeque::new());
    let mut lines = pin!(stream.lines());
    while let Some(line) = lines.next().await {
        let line = line.context("the load's log broke off")?;
        match Line::of(&line) {
            Line::Report(piece) => log.report.push_str(piece),
            Line::Verdict(json) => log.verdict = Some(json.to_owned()),
            Line::Words(text) => words.push_back(text.to_owned()),
        }
        words.drain(..words.len().saturating_sub(LAST_WORDS));
    }
    log.words = words.into();
    Ok(log)
}
