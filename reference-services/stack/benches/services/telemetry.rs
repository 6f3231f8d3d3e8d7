//! All telemetry on against all of it off, the same binary.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use ecotrack_servers::patience::eventually;
use ecotrack_stack::{
    Name, Service, Shop, Stack,
    bench::{
        drive::{Sample, Target, drive, http},
        rounds::{Rounds, Scale, Side},
    },
    report::Report,
};

use crate::sink::Sink;

/// CPU with telemetry over CPU without.
const MOST: f64 = 1.15;
/// Longest that spans may be on their way.
const DEADLINE: Duration = Duration::from_secs(10);
/// What the stack's services usually log.
const USUAL: &str = "warn,librdkafka=off";

/// Requests of all rounds with telemetry, and what became of their spans.
#[derive(Default)]
struct Spans {
    requests: u64,
    lost: u64,
}

pub(crate) async fn run(stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
    let (service, sink) = (stack.service(Name::ProductService)?, Sink::start().await?);
    let path = format!("/api/products/{}", Shop::of(stack)?.add_product(1).await?);
    let mut spans = Spans::default();
    // Another process for each sample: no two are alike, so that it takes more of them.
    let rounds = Rounds::measure(scale.rounds * 2, async |side| {
        restart(service, (side == Side::B).then_some(&sink)).await?;
        let target = Target::of(service, &path, None)?;
        // Somebody collects metrics meanwhile, as they do on the platform: from both, as nothing turns them off.
        let (sample, _) = tokio::try_join!(drive(&target, scale.time), metrics_of(service))?;
        if side == Side::B {
            spans.add(service, &sample).await?;
        }
        Ok(sample)
    })
    .await?;
    let mut report = Report::new(
        "telemetry on (every trace, metrics, JSON logs) against off, cached product read",
    );
    rounds.judge_cpu(scale, &mut report, MOST, ("off", "on"));
    spans.judge(&mut report, sink.taken());
    for (key, value) in off() {
        service.set_variable(key, value);
    }
    service.set_variable("ECOTRACK_LOG", USUAL);
    service.kill()?;
    service.start()?;
    service.await_ready().await?;
    Ok(report)
}

const fn off() -> [(&'static str, &'static str); 3] {
    [("OTEL_EXPORTER_OTLP_ENDPOINT", ""), ("OTEL_TRACES_SAMPLER_ARG", "0"), ("ECOTRACK_LOG", "off")]
}

/// Starts the service anew, with telemetry when there is a collector: the log filter is then its own.
async fn restart(service: &Service, sink: Option<&Sink>) -> anyhow::Result<()> {
    let settings = sink.map_or(off(), |sink| {
        [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", sink.endpoint()),
            ("OTEL_TRACES_SAMPLER_ARG", "1"),
            ("ECOTRACK_LOG", ""),
        ]
    });
    service.kill()?;
    for (key, value) in settings {
        service.set_variable(key, value);
    }
    service.start()?;
    service.await_ready().await.map(drop)
}

impl Spans {
    /// Waits until every span of a round has left the service one way or another.
    async fn add(&mut self, service: &Service, sample: &Sample) -> anyhow::Result<()> {
        self.requests += sample.count;
        let metrics = eventually(DEADLINE, || async {
            let metrics = metrics_of(service).await?;
            let left: u64 =
                ["dropped", "failed", "exported"].iter().map(|result| of(&metrics, result)).sum();
            ensure!(left >= sample.count, "{left} spans of {} requests have left", sample.count);
            Ok(metrics)
        });
        let metrics = metrics.await.context("spans stay in the service")?;
        self.lost += of(&metrics, "dropped") + of(&metrics, "failed");
        Ok(())
    }

    fn judge(&self, report: &mut Report, taken: u64) {
        report.equal("spans dropped or failed", &0, &self.lost);
        let (all, is_all) =
            (format!(">= {}, one a request", self.requests), taken >= self.requests);
        report.judged("spans the collector took", &all, &taken.to_string(), is_all);
    }
}

async fn metrics_of(service: &Service) -> anyhow::Result<String> {
    let url = service.base().join("/actuator/prometheus")?;
    Ok(http()?.get(url).send().await?.error_for_status()?.text().await?)
}

/// `telemetry_spans_total` of one result; it is not there before the first.
fn of(metrics: &str, result: &str) -> u64 {
    let is_it = |line: &&str| {
        line.starts_with("telemetry_spans_total{") && line.contains(&format!("result=\"{result}\""))
    };
    let value = |line: &str| line.rsplit(' ').next()?.parse().ok();
    metrics.lines().find(is_it).and_then(value).unwrap_or(0)
}
