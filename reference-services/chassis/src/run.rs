//! A service's `main`.

use std::{io::Write as _, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{
    app::Application,
    config::{Environment, Settings},
    panics::quiet_panics,
    telemetry::Telemetry,
};

/// Bad configuration, in the words of sysexits.h.
const EXIT_CONFIG: u8 = 64;
/// Anything else that ends a service.
const EXIT_FAILURE: u8 = 1;

/// Reads the settings from the environment, builds the service and runs it until SIGTERM or SIGINT.
pub async fn run<F, Fut>(service: &'static str, build: F) -> ExitCode
where
    F: FnOnce(Settings) -> Fut,
    Fut: Future<Output = anyhow::Result<Application>>,
{
    let settings = match Settings::load(service, Arc::new(Environment)) {
        Ok(settings) => settings,
        Err(error) => return refuse(&error.into()),
    };
    if let Err(error) = forbid_core_dumps() {
        return refuse(&error);
    }
    let telemetry = match install(&settings) {
        Ok(telemetry) => telemetry,
        Err(error) => return refuse(&error),
    };
    quiet_panics();
    let outcome = serve(settings, build).await;
    let code = match &outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "the service ends");
            ExitCode::from(EXIT_FAILURE)
        }
    };
    flush(telemetry).await;
    code
}

/// In the memory of a service are keys, tokens and addresses; none of it is to be left in a file.
fn forbid_core_dumps() -> anyhow::Result<()> {
    let nothing = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, nothing).context("core dumps cannot be switched off")
}

fn install(settings: &Settings) -> anyhow::Result<Telemetry> {
    // Several libraries bring TLS; without a word they would not agree on who does the cryptography.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        anyhow::bail!("a cryptography provider is already installed in this process");
    }
    Telemetry::install(settings)
}

async fn serve<F, Fut>(settings: Settings, build: F) -> anyhow::Result<()>
where
    F: FnOnce(Settings) -> Fut,
    Fut: Future<Output = anyhow::Result<Application>>,
{
    let application = build(settings).await.context("the service cannot start")?;
    stop_on_signal(application.stopper())?;
    application.run().await
}

fn stop_on_signal(stop: CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
    });
    Ok(())
}

async fn flush(telemetry: Telemetry) {
    if let Err(error) = tokio::task::spawn_blocking(move || telemetry.flush()).await {
        // There is no logger any more.
        writeln!(std::io::stderr(), "telemetry was not flushed: {error}").ok();
    }
}

/// Before there is a logger, one line on standard error is all there is.
fn refuse(error: &anyhow::Error) -> ExitCode {
    writeln!(std::io::stderr(), "cannot start: {error:#}").ok();
    ExitCode::from(EXIT_CONFIG)
}
