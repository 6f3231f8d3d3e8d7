//! What a mesh proxy says about itself: its counters, and the access log line of one request.

use serde::Deserialize;
use serde_json::Value;

use super::loki::LogLine;

/// Counters of one proxy.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ProxyStats {
    stats: Vec<Stat>,
}

/// Histograms have no value of their own.
#[derive(Debug, Clone, Deserialize)]
struct Stat {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: Value,
}

impl ProxyStats {
    /// What the agent beside a proxy is asked for its counters of authorisation.
    pub const QUESTION: [&str; 4] =
        ["pilot-agent", "request", "GET", "stats?filter=rbac&format=json"];

    /// Requests that came in and that the proxy's own authorisation refused; none when it counts no such thing.
    #[must_use]
    pub fn denied(&self) -> Option<u64> {
        let denied = |stat: &&Stat| {
            stat.name.starts_with("http.inbound") && stat.name.ends_with("rbac.denied")
        };
        self.stats.iter().filter(denied).map(|stat| number(&stat.value)).sum()
    }
}

/// One request in a proxy's access log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessLogEntry {
    /// Status that the proxy answered with.
    pub status: u64,
    /// Who decided on the answer: `via_upstream`, `rbac_access_denied_matched_policy[…]` …
    pub details: String,
    /// What went wrong on the way, in Envoy's letters: `UH` no healthy upstream, `RL` over a limit …; empty when nothing did.
    pub flags: String,
    /// Milliseconds from the first byte of the request to the last of the answer.
    pub millis: u64,
    /// The caller's mesh identity as its certificate says, `spiffe://…`; empty without a certificate.
    pub peer: String,
}

impl AccessLogEntry {
    /// Reads a stored line; none when it is not an access log line.
    #[must_use]
    pub fn read(line: &LogLine) -> Option<Self> {
        let json = line.json().ok()?;
        let status = json.get("status").and_then(number)?;
        Some(Self {
            status,
            details: text(&json, "details"),
            flags: text(&json, "flags"),
            millis: json.get("duration_ms").and_then(number)?,
            peer: text(&json, "peer"),
        })
    }

    /// The proxy answered by itself, because it has no route or its policy refuses: nobody behind it was asked.
    #[must_use]
    pub fn is_the_proxys_own_refusal(&self) -> bool {
        match self.status {
            403 => self.details.starts_with("rbac_access_denied"),
            404 => self.details == "route_not_found",
            _ => false,
        }
    }
}

/// Envoy writes a number as such or as text, depending on the format.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn text(json: &Value, field: &str) -> String {
    json.get(field)
        .and_then(Value::as_str)
        .filter(|text| *text != "-")
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const COUNTERS: &str = r#"{"stats":[{"name":"http.inbound_0.0.0.0_8080;.rbac.allowed","value":12},
        {"name":"http.inbound_0.0.0.0_8080;.rbac.denied","value":3},{"name":"http.inbound_0.0.0.0_8080;.rbac.shadow_denied","value":9},
        {"histograms":{"supported_quantiles":[50]}}]}"#;

    #[test]
    fn only_enforced_refusals_count_as_denied() {
        let stats: ProxyStats = serde_json::from_str(COUNTERS).unwrap();
        assert_eq!(stats.denied(), Some(3));
    }

    #[test]
    fn a_page_of_another_shape_is_refused() {
        assert!(serde_json::from_str::<ProxyStats>("<html>not found</html>").is_err());
    }

    fn logged(line: &str) -> LogLine {
        LogLine { labels: BTreeMap::new(), at: 0, line: line.to_owned() }
    }

    #[test]
    fn a_refusal_in_the_access_log_names_its_policy_and_the_caller() {
        let line = logged(
            r#"{"status":403,"details":"rbac_access_denied_matched_policy[none]","flags":"-","duration_ms":2,"peer":"spiffe://cluster.local/ns/ecotrack/sa/payment-service-sa"}"#,
        );
        let entry = AccessLogEntry::read(&line).unwrap();
        assert_eq!(
            (entry.status, entry.details.as_str()),
            (403, "rbac_access_denied_matched_policy[none]")
        );
        assert!(entry.peer.ends_with("/sa/payment-service-sa"));
        assert_eq!((entry.flags.as_str(), entry.millis), ("", 2));
    }

    #[test]
    fn a_refusal_of_the_proxy_is_told_from_one_that_it_passed_on() {
        let entry = |status, details: &str| AccessLogEntry {
            status,
            details: details.to_owned(),
            ..AccessLogEntry::default()
        };
        assert!(entry(404, "route_not_found").is_the_proxys_own_refusal());
        assert!(entry(403, "rbac_access_denied_matched_policy[none]").is_the_proxys_own_refusal());
        for passed_on in [entry(404, "via_upstream"), entry(403, "via_upstream"), entry(404, "")] {
            assert!(!passed_on.is_the_proxys_own_refusal(), "{passed_on:?}");
        }
    }

    #[test]
    fn a_line_of_the_agent_is_no_access_log() {
        assert_eq!(AccessLogEntry::read(&logged("2026-11-22T19:00:00Z info xds connected")), None);
        assert_eq!(AccessLogEntry::read(&logged(r#"{"level":"info"}"#)), None);
    }
}
