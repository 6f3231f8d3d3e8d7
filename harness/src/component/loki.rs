//! What Loki has: the lines of one correlation id or one trace, with the labels they were stored under.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::{AskError, Endpoint, places};
use crate::suite::{Component, Suite};

/// Where lines are searched.
const PATH: &str = "/loki/api/v1/query_range";
/// Lines that one answer may hold; a scenario's own lines are far fewer.
const LIMIT: &str = "2000";
/// Every line that a service of EcoTrack wrote itself, not its sidecar.
const SERVICES: &str =
    r#"{namespace="ecotrack",app=~".+-service"} | k8s_container_name!="istio-proxy""#;
/// Every line of a sidecar's access log.
const ACCESS_LOG: &str =
    r#"{namespace="ecotrack",app=~".+-service"} | k8s_container_name="istio-proxy""#;
/// Every line but Loki's own, which may hold what was searched for.
const ANYBODY: &str = r#"{namespace=~".+",app!="loki"}"#;
/// Every alert of the runtime detection.
const FALCO: &str = r#"{namespace="falco"}"#;

/// A client of Loki's query API.
#[derive(Clone)]
pub struct Loki {
    endpoint: Endpoint,
}

/// One stored line.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    /// Index labels and metadata: `app`, `version`, `namespace`, `trace_id`, `user_id`, `correlation_id` …
    pub labels: BTreeMap<String, String>,
    /// Nanoseconds since 1970.
    pub at: i64,
    /// The line as it was written.
    pub line: String,
}

impl LogLine {
    /// A label or metadata field; empty when there is none.
    #[must_use]
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// The line as the JSON object that every service writes.
    pub fn json(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_str(&self.line)
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    result: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    stream: BTreeMap<String, String>,
    values: Vec<(String, String)>,
}

impl Component for Loki {
    async fn connect(suite: &Suite) -> anyhow::Result<Self> {
        let at = &suite.cluster().interfaces().loki;
        Ok(Self { endpoint: Endpoint::forwarded(suite, "Loki", at).await? })
    }
}

impl Loki {
    /// The services' lines whose stored field `correlation_id` is the given one.
    pub async fn fetch_by_correlation(
        &self,
        id: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<LogLine>, AskError> {
        self.fetch(&format!("{SERVICES} | correlation_id=`{id}`"), since).await
    }

    /// The services' lines in which the text occurs anywhere.
    pub async fn fetch_containing(
        &self,
        text: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<LogLine>, AskError> {
        self.fetch(&format!("{SERVICES} |= `{text}`"), since).await
    }

    /// The access log lines, of the sidecars of `app`, in which the text occurs.
    pub async fn fetch_access_log(
        &self,
        app: &str,
        text: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<LogLine>, AskError> {
        self.fetch(&format!("{ACCESS_LOG} | app=`{app}` |= `{text}`"), since).await
    }

    /// The access log lines of the ingress gateway in which the text occurs.
    pub async fn fetch_gateway_log(
        &self,
        text: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<LogLine>, AskError> {
        let gateway = places::INGRESS;
        self.fetch(&format!("{{namespace=\"{gateway}\"}} |= `{text}`"), since).await
    }

    /// Lines of the runtime detection that name a pod.
    pub async fn fetch_of_falco(
        &self,
        pod: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<LogLine>, AskError> {
        self.fetch(&format!("{FALCO} |= `{pod}`"), since).await
    }

    /// The lines of anybody on the cluster in which the text occurs.
    pub async fn fetch_anywhere(
        &self,
        text: &str,
        since: DateTime<Utc>,
    ) -> Result<Vec<LogLine>, AskError> {
        self.fetch(&format!("{ANYBODY} |= `{text}`"), since).await
    }

    async fn fetch(&self, logql: &str, since: DateTime<Utc>) -> Result<Vec<LogLine>, AskError> {
        let start = since.timestamp_nanos_opt().unwrap_or_default().to_string();
        let query = [
            ("query", logql),
            ("start", start.as_str()),
            ("limit", LIMIT),
            ("direction", "forward"),
        ];
        let answer: Answer = self.endpoint.get(PATH, &query).await?;
        lines(answer).map_err(|detail| self.endpoint.unreadable(PATH, &detail, ""))
    }
}

fn lines(answer: Answer) -> Result<Vec<LogLine>, String> {
    let mut lines = Vec::new();
    for stream in answer.data.result {
        for (at, line) in stream.values {
            let at = at.parse().map_err(|error| format!("{at:?} is no time: {error}"))?;
            lines.push(LogLine { labels: stream.stream.clone(), at, line });
        }
    }
    lines.sort_by_key(|line| line.at);
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Vec<LogLine>, String> {
        lines(serde_json::from_str(json).unwrap())
    }

    const STREAMS: &str = r#"{"status":"success","data":{"resultType":"streams","result":[
      {"stream":{"app":"order-service","namespace":"ecotrack","version":"stable","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","correlation_id":"c-1"},
       "values":[["1790000000000000002","{\"level\":\"INFO\",\"message\":\"order placed\",\"mdc\":{\"correlationId\":\"c-1\"}}"]]},
      {"stream":{"app":"user-service","namespace":"ecotrack"},
       "values":[["1790000000000000001","{\"level\":\"INFO\",\"message\":\"profile read\",\"mdc\":{\"correlationId\":\"c-1\"}}"]]}],
      "stats":{}}}"#;

    #[test]
    fn lines_of_all_streams_come_in_the_order_of_time() {
        let lines = parse(STREAMS).unwrap();
        assert_eq!(
            lines.iter().map(|line| line.label("app")).collect::<Vec<_>>(),
            ["user-service", "order-service"]
        );
        assert_eq!(lines[1].json().unwrap()["mdc"]["correlationId"], "c-1");
    }

    #[test]
    fn a_time_that_is_no_number_is_refused() {
        let json = r#"{"data":{"result":[{"stream":{},"values":[["yesterday","x"]]}]}}"#;
        assert!(parse(json).unwrap_err().contains("yesterday"));
    }
}
