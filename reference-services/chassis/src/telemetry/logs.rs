//! One JSON object per line: `timestamp`, `level`, `logger`, `message`, `mdc`, and the event's own `fields`.

use std::{fmt, io::Write as _};

use chrono::{SecondsFormat, Utc};
use opentelemetry::trace::TraceContextExt as _;
use serde_json::{Map, Value, json};
use tracing::{Event, Subscriber, field::Field, field::Visit};
use tracing_subscriber::{
    Layer,
    fmt::{MakeWriter, writer::BoxMakeWriter},
    layer::Context,
};

use crate::context;

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
        let mut line = line(event).to_string();
        line.push('\n');
        // Nobody takes lines any more: there is nowhere left to say so.
        self.writer.make_writer().write_all(line.as_bytes()).ok();
    }
}

fn line(event: &Event<'_>) -> Value {
    let mut fields = Fields::default();
    event.record(&mut fields);
    let metadata = event.metadata();
    let logger = match fields.others.remove("log.target") {
        Some(Value::String(target)) if metadata.target() == BRIDGE_TARGET => target,
        _ => metadata.target().to_owned(),
    };
    fields.others.retain(|name, _| !name.starts_with("log."));
    let mut line = json!({
        "timestamp": Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true),
        "level": metadata.level().as_str(),
        "logger": logger,
        "message": fields.message,
        "mdc": mdc(),
    });
    if !fields.others.is_empty() {
        line["fields"] = Value::Object(fields.others);
    }
    line
}

/// What is known about the work at hand; unknown keys are left out.
fn mdc() -> Map<String, Value> {
    let mut mdc = Map::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            mdc.insert(key.to_owned(), Value::String(value));
        }
    };
    // Entering a span makes its context the current one, so this is the span the event is in.
    let context = opentelemetry::Context::current();
    let span = context.span().span_context().clone();
    put("traceId", span.is_valid().then(|| span.trace_id().to_string()));
    put("spanId", span.is_valid().then(|| span.span_id().to_string()));
    if let Some(work) = context::current() {
        put("userId", work.user_id().map(str::to_owned));
        put("correlationId", Some(work.correlation_id.clone()));
        put("businessContext", Some(work.business_context.clone()));
        put("sessionId", work.session_id().map(str::to_owned));
        put("requestId", Some(work.request_id.to_string()));
    }
    mdc
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
    use uuid::Uuid;

    use super::*;
    use crate::context::WorkContext;

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
