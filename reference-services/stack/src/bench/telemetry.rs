//! All telemetry on against all of it off, the same binary.

use anyhow::Context as _;

use super::{
    drive::drive,
    rounds::{Rounds, Scale, Side},
};
use crate::{
    name::Name,
    patience::eventually,
    ports,
    process::{Process, Program},
    programs,
    report::Report,
    shop::Shop,
    stack::Stack,
};

/// CPU with telemetry over CPU without.
const LIMIT: f64 = 1.15;
/// Built from source for the cluster: `cargo run -p ecotrack-embedded -- build opentelemetry-collector`.
const COLLECTOR: &str = "opentelemetry-collector";
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(20);

pub(super) async fn run(stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
    let (port, _collector) = collector(stack).await?;
    let service = stack.service(Name::ProductService)?;
    let path = format!("/api/products/{}", Shop::of(stack)?.add_product(1).await?);
    let usual = "warn,librdkafka=off";
    let mut report = Report::new("telemetry on (every trace, JSON logs) against off");
    let rounds = Rounds::measure(scale, async |side| {
        let (endpoint, filter) = match side {
            Side::A => (String::new(), "off"),
            Side::B => (format!("http://127.0.0.1:{port}"), "info"),
        };
        service.kill()?;
        service.set_variable("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint);
        service.set_variable("OTEL_TRACES_SAMPLER_ARG", "1");
        service.set_variable("ECOTRACK_LOG", filter);
        service.start()?;
        service.await_ready().await?;
        drive(service, &path, None, scale.time).await
    })
    .await?;
    rounds.judge(&mut report, LIMIT, ("off", "on"));
    service.set_variable("OTEL_EXPORTER_OTLP_ENDPOINT", "");
    service.set_variable("ECOTRACK_LOG", usual);
    Ok(report)
}

/// A collector that takes every span and forgets it.
async fn collector(stack: &Stack) -> anyhow::Result<(u16, Process)> {
    let bin = programs::cache()?.join("bin");
    let folders =
        std::fs::read_dir(&bin).with_context(|| format!("cannot read {}", bin.display()))?;
    let program = folders
        .flatten()
        .map(|folder| folder.path().join(COLLECTOR))
        .find(|program| program.is_file())
        .with_context(|| {
            format!(
                "no {COLLECTOR}; build it with: cargo run -p ecotrack-embedded -- build {COLLECTOR}"
            )
        })?;
    let port = ports::free()?;
    let file = stack.folder().join("collector.yaml");
    std::fs::write(&file, configuration(port))?;
    let process = Program::new(program, stack.folder().join("log/collector.log"))
        .args([std::ffi::OsString::from("--config"), file.into_os_string()])
        .start()?;
    eventually(DEADLINE, || async {
        Ok(tokio::net::TcpStream::connect(("127.0.0.1", port)).await?)
    })
    .await
    .context("the collector does not listen")?;
    Ok((port, process))
}

fn configuration(port: u16) -> String {
    format!(
        "receivers: {{otlp: {{protocols: {{grpc: {{endpoint: \"127.0.0.1:{port}\"}}}}}}}}\n\
         processors: {{batch: {{}}}}\nexporters: {{debug: {{verbosity: basic}}}}\n\
         service: {{telemetry: {{metrics: {{level: none}}}}, pipelines: {{traces: {{receivers: [otlp], processors: [batch], exporters: [debug]}}}}}}\n"
    )
}
