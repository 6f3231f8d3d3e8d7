//! All that a service says while a test listens: every line and every span, more of them than in production.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::ensure;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData, SpanExporter},
};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::{EnvFilter, layer::SubscriberExt as _};

use super::canary::{Canary, leaks};
use crate::telemetry::JsonLines;

/// Text that grows.
#[derive(Debug, Clone, Default)]
struct Text(Arc<Mutex<String>>);

impl Text {
    fn add(&self, text: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_str(text);
    }

    fn so_far(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl io::Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl SpanExporter for Text {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.add(&format!("{batch:?}\n"));
        Ok(())
    }
}

/// What is heard of everything that runs on this thread, which with `#[tokio::test]` is the whole service.
pub struct Heard {
    lines: Text,
    spans: Text,
    provider: SdkTracerProvider,
    _listening: DefaultGuard,
}

impl Heard {
    /// Listens from now on, until this is dropped.
    #[must_use]
    pub fn listen() -> Self {
        let (lines, spans) = (Text::default(), Text::default());
        let writer = lines.clone();
        let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
        let subscriber = tracing_subscriber::registry()
            .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("test")))
            .with(JsonLines::to(move || writer.clone()))
            .with(EnvFilter::new("debug"));
        let listening = tracing::subscriber::set_default(subscriber);
        Self { lines, spans, provider, _listening: listening }
    }

    /// The lines so far.
    #[must_use]
    pub fn lines(&self) -> String {
        self.lines.so_far()
    }

    /// The finished spans so far.
    pub fn spans(&self) -> anyhow::Result<String> {
        self.provider.force_flush()?;
        Ok(self.spans.so_far())
    }

    /// Fails when a canary is in a line, a span or one of the other outputs, or when one of them does not tell of its witness:
    /// what is empty, or about something else, proves nothing. Lines and spans have one witness, each other output has its own.
    pub fn tells_none_of(
        &self,
        canaries: &[Canary],
        witness: &str,
        others: &[(&str, &str, String)],
    ) -> anyhow::Result<()> {
        let own = [("lines", witness, self.lines()), ("spans", witness, self.spans()?)];
        for (name, witness, text) in own.iter().chain(others) {
            ensure!(text.contains(witness), "nothing was heard of {witness} in the {name}");
            let leaked = leaks(canaries, text);
            ensure!(leaked.is_empty(), "{name} tell {leaked:?}");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_in_a_line_or_a_span_is_heard() {
        let canary = Canary::new("password", "hunter2-{}");
        let telling: [fn(&str); 2] = [
            |value| tracing::debug!(value, "a thing was done"),
            |value| drop(tracing::info_span!("a thing", value).entered()),
        ];
        for tell in telling {
            let heard = Heard::listen();
            tracing::info_span!("a thing").in_scope(|| tracing::info!("a thing was done"));
            heard.tells_none_of(std::slice::from_ref(&canary), "a thing", &[]).unwrap();
            tell(&canary.value);
            let error = heard.tells_none_of(std::slice::from_ref(&canary), "a thing", &[]);
            assert!(error.unwrap_err().to_string().contains("password"));
        }
    }

    #[test]
    fn where_nothing_was_heard_nothing_is_proven() {
        let heard = Heard::listen();
        let canary = Canary::new("password", "hunter2-{}");
        assert!(heard.tells_none_of(&[canary], "a thing", &[]).is_err());
    }
}
