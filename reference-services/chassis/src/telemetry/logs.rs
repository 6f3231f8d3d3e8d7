//! One JSON object per line: `timestamp`, `level`, `logger`, `message`, `mdc`, and the event's own `fields`.

use std::{fmt, io::Write as _};

use chrono::{SecondsFormat, Utc};
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tracing::{Event, Subscriber, field::Field, field::Visit};
use tracing_subscriber::{
    Layer,
    fmt::{MakeWriter, writer::BoxMakeWriter},
    layer::Context,
};
use uuid::Uuid;

use crate::context::{self, WorkContext};

/// Target under which the `log` bridge hands over lines; the real one is in its `log.target` field.
const BRIDGE_TARGET: &str = "log";

/// A layer that writes every event as one line.
pub struct JsonLines {
    writer: BoxMakeWriter,
}

impl JsonLines {
    /// Lines to any writer.
    pub fn to(writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static) -> Self {
        Self { writer: BoxMakeWriter::new(writer) }
    }
}

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // What is written is texts and numbers, which JSON has.
        let Ok(mut line) = line(event) else { return };
        line.push(b'\n');
        // Nobody takes lines any more: there is nowhere left to say so.
        self.writer.make_writer().write_all(&line).ok();
    }
}

#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'static str,
    logger: &'a str,
    message: &'a str,
    mdc: Mdc<'a>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    fields: &'a Map<String, Value>,
}

/// What is known about the work at hand; unknown keys are left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Mdc<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    span_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    business_context: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<Uuid>,
}

impl<'a> Mdc<'a> {
    fn of(span: &SpanContext, work: Option<&'a WorkContext>) -> Self {
        Self {
            trace_id: span.is_valid().then(|| span.trace_id().to_string()),
            span_id: span.is_valid().then(|| span.span_id().to_string()),
            user_id: work.and_then(WorkContext::user_id),
            correlation_id: work.map(|work| work.correlation_id.as_str()),
            business_context: work.map(|work| work.business_context.as_str()),
            session_id: work.and_then(WorkContext::session_id),
            request_id: work.map(|work| work.request_id),
        }
    }
}

fn line(event: &Event<'_>) -> serde_json::Result<Vec<u8>> {
    let mut fields = Fields::default();
    event.record(&mut fields);
    let metadata = event.metadata();
    let bridged = fields.others.remove("log.target");
    let is_bridged = metadata.target() == BRIDGE_TARGET;
    let logger = bridged.as_ref().and_then(Value::as_str).filter(|_| is_bridged);
    fields.others.retain(|name, _| !name.starts_with("log."));
    // Entering a span makes its context the current one, so this is the span the event is in.
    let (context, work) = (opentelemetry::Context::current(), context::current());
    serde_json::to_vec(&Line {
        timestamp: Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true),
        level: metadata.level().as_str(),
        logger: logger.unwrap_or(metadata.target()),
        message: &fields.message,
        mdc: Mdc::of(context.span().span_context(), work.as_deref()),
        fields: &fields.others,
    })
}

#[derive(Default)]
struct Fields {
    message: String,
    others: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(message)) => self.message = message,
            (name, value) => {
                self.others.insert(name.to_owned(), value);
            }
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, json!(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let causes = std::iter::successors(Some(value), |error| error.source());
        let text: Vec<String> = causes.map(ToString::to_string).collect();
        self.put(field, json!(text.join(": ")));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, json!(format!("{value:?}")));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn captured(log: impl FnOnce()) -> Value {
        let output = Captured::default();
        let writer = output.clone();
        let subscriber = tracing_subscriber::registry().with(JsonLines::to(move || writer.clone()));
        tracing::subscriber::with_default(subscriber, log);
        let bytes = output.0.lock().unwrap().clone();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[test]
    fn a_line_has_the_agreed_fields_and_nothing_else() {
        let line = captured(|| tracing::info!("ready"));
        let keys: Vec<_> = line.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["level", "logger", "mdc", "message", "timestamp"]);
        assert_eq!(line["message"], "ready");
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["mdc"], json!({}));
    }

    #[test]
    fn a_line_break_in_a_value_stays_inside_its_line() {
        let line = captured(|| tracing::warn!(name = "a\nb\"c", "odd"));
        assert_eq!(line["fields"]["name"], "a\nb\"c");
    }

    #[tokio::test]
    async fn lines_of_a_request_say_whose_it_is() {
        let parent = opentelemetry::Context::new();
        let work = WorkContext::inherit(&parent, Some("corr-1"), "orders");
        let user = Uuid::now_v7();
        work.set_user(user);
        let line =
            context::scope(Arc::new(work), async { captured(|| tracing::info!("hello")) }).await;
        assert_eq!(line["mdc"]["correlationId"], "corr-1");
        assert_eq!(line["mdc"]["businessContext"], "orders");
        assert_eq!(line["mdc"]["userId"], user.to_string());
    }
}
