//! Puts the load into the cluster, follows it, fetches its report and tells the verdict.

mod cluster;
mod follow;
mod job;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, anyhow};
use tokio::signal::unix::{SignalKind, signal};

use crate::parcel;
use crate::slo::Verdict;
use job::Job;

/// From the end of the load until the verdict: the last scrapes, the queries, the report; and before it the start of the pod.
const OVERHEAD: Duration = Duration::from_mins(3);
/// Most people at the same time: more is a stress test, not this one.
const MOST_USERS: i64 = 500;
/// Longest load: what takes longer is an endurance test, not this one.
const LONGEST: Duration = Duration::from_hours(1);

/// How much load, and where.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Context of the kubeconfig; the embedded cluster's when not given. The current context is never used.
    #[arg(long)]
    context: Option<String>,
    /// People at the same time; three of four only look.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(i64).range(1..=MOST_USERS))]
    users: i64,
    /// People who come each second until all are there.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(i64).range(1..=MOST_USERS))]
    arrivals: i64,
    /// How long to go on once all are there, such as 60s or 5m.
    #[arg(long, default_value = "60s", value_parser = run_time)]
    run_time: Duration,
    /// Image of the load.
    #[arg(long, default_value = "docker.io/ecotrack/loadtest:v1.2.0")]
    image: String,
    /// `name:port` of the gateway inside the cluster.
    #[arg(long, default_value = "ingressgateway.istio-ingress.svc.cluster.local:443")]
    gateway: String,
    /// Prometheus inside the cluster.
    #[arg(long, default_value = "http://prometheus-operated.observability.svc.cluster.local:9090")]
    prometheus: String,
    /// Where the HTML report goes; `loadtest/report.html` in the target folder when not given.
    #[arg(long)]
    report: Option<PathBuf>,
}

fn run_time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let bounds = Duration::from_secs(1)..=LONGEST;
    if bounds.contains(&time) {
        Ok(time)
    } else {
        Err(format!("between 1s and {}", humantime::format_duration(LONGEST)))
    }
}

/// Runs the load. True when all objectives were met; an error when the load could not be made or judged.
pub(crate) async fn run(options: &Options) -> Result<bool> {
    let client = cluster::connect(options.context.as_deref()).await?;
    let run = run_name(SystemTime::now());
    let job = Job::create(client, &run, options).await?;
    say(&format!(
        "run {run}: {} people for {}",
        options.users,
        humantime::format_duration(options.run_time)
    ))?;
    let outcome = tokio::select! {
        outcome = follow::to_the_end(&job, options.run_time + OVERHEAD) => outcome,
        stopped = stopped() => Err(stopped),
    };
    // The namespace goes whatever happened; what happened is told first.
    let removed = job.remove().await;
    let log = outcome?;
    let verdict = tell(&log, &report_file(options.report.as_deref()))?;
    removed?;
    Ok(verdict.met())
}

/// A name of the form that the harness's runs have, so that `conformance sweep` knows what a killed load leaves behind.
fn run_name(now: SystemTime) -> String {
    let now = humantime::format_rfc3339_seconds(now).to_string();
    let digits: String = now.chars().filter(char::is_ascii_digit).collect();
    let (day, time) = digits.split_at(8);
    format!("{day}-{time}-{:04x}", rand::random::<u16>())
}

/// Waits until somebody stops the load, from the keyboard or otherwise; answers with who.
async fn stopped() -> anyhow::Error {
    let mut terminated = match signal(SignalKind::terminate()) {
        Ok(terminated) => terminated,
        Err(error) => return error.into(),
    };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.map_or_else(Into::into, |()| anyhow!("interrupted")),
        _ = terminated.recv() => anyhow!("terminated"),
    }
}

/// Saves the report and prints the verdict.
fn tell(log: &follow::Log, file: &Path) -> Result<Verdict> {
    if !log.report.is_empty() {
        save(&parcel::unpack(&log.report)?, file)?;
        say(&format!("report: {}", file.display()))?;
    }
    let json = log.verdict.as_ref().with_context(|| {
        format!("the load ended without a verdict; its last words:\n{}", log.words.join("\n"))
    })?;
    let verdict: Verdict = serde_json::from_str(json).context("the verdict cannot be read")?;
    for finding in &verdict.findings {
        let sign = if finding.met { "met     " } else { "VIOLATED" };
        say(&format!(
            "{sign}  {}: {} (target {})",
            finding.subject, finding.observed, finding.target
        ))?;
    }
    Ok(verdict)
}

fn save(report: &[u8], file: &Path) -> Result<()> {
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    std::fs::write(file, report)
        .with_context(|| format!("the report cannot be written to {}", file.display()))
}

fn report_file(asked: Option<&Path>) -> PathBuf {
    let target = || {
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from)
    };
    asked.map_or_else(|| target().join("loadtest/report.html"), Path::to_owned)
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").context("standard output is gone")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_bounds() {
        assert_eq!(run_time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(run_time("2h"), Err("between 1s and 1h".to_owned()));
        assert!(run_time("0s").is_err() && run_time("soon").is_err());
    }

    #[test]
    fn a_run_has_a_name_that_a_sweep_of_the_harness_knows() {
        let name = run_name(SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_378_968));
        let (time, tail) = name.rsplit_once('-').unwrap();
        assert_eq!(time, "20261122-202248");
        assert!(tail.len() == 4 && tail.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    }

    #[test]
    fn a_load_that_ends_without_a_verdict_is_an_error_with_its_last_words() {
        let log = follow::Log {
            words: vec!["gateway x has no address".to_owned()],
            ..follow::Log::default()
        };
        let error = tell(&log, Path::new("unused")).unwrap_err().to_string();
        assert!(error.contains("gateway x has no address"), "{error}");
    }
}
