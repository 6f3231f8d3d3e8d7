//! The fuzzer's own record of what it asked and what it was answered, counted by us: its exit code alone is not trusted.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::File,
    io::{BufRead as _, BufReader},
    path::Path,
};

use anyhow::Context as _;
use serde_json::Value;

/// How one operation was answered.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Operation {
    /// Answers to anything.
    answers: usize,
    /// Successes among them.
    successes: usize,
    /// Answers to requests that were generated as valid.
    valid: usize,
    /// Successes among them.
    valid_successes: usize,
}

/// What is told of a run.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// By operation, as `GET /path/{id}`.
    pub(super) operations: BTreeMap<String, Operation>,
    /// Failed checks, each once.
    pub(super) failures: BTreeSet<String>,
    /// Whether the run was not cut off.
    pub(super) is_complete: bool,
}

impl Records {
    /// Reads the file of events.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path)
            .with_context(|| format!("schemathesis wrote no {}", path.display()))?;
        let mut records = Self::default();
        for line in BufReader::new(file).lines() {
            let event: Value = serde_json::from_str(&line?).context("an event is not JSON")?;
            records.take(&event);
        }
        Ok(records)
    }

    fn take(&mut self, event: &Value) {
        if event["EngineFinished"]["stop_reason"] == "completed" {
            self.is_complete = true;
        }
        let recorder = &event["ScenarioFinished"]["recorder"];
        for (id, interaction) in members(&recorder["interactions"]) {
            let case = &recorder["cases"][id]["value"];
            let status = interaction["response"]["status_code"].as_u64().unwrap_or_default();
            // In the stateful phase the label is the phase's; the case knows its own operation.
            let (method, path) = (case["method"].as_str(), case["path"].as_str());
            let (Some(method), Some(path)) = (method, path) else { continue };
            let is_valid = case["meta"]["generation"]["mode"] == "positive";
            self.operations.entry(format!("{method} {path}")).or_default().count(status, is_valid);
        }
        for (_, checks) in members(&recorder["checks"]) {
            for check in
                checks.as_array().into_iter().flatten().filter(|check| check["status"] == "failure")
            {
                let failure = &check["failure_info"]["failure"];
                let text = |field: &str| failure[field].as_str().unwrap_or_default().to_owned();
                self.failures.insert(format!("{}: {}", text("operation"), text("title")));
            }
        }
    }
}

impl Operation {
    fn count(&mut self, status: u64, is_valid: bool) {
        let is_success = (200..300).contains(&status);
        self.answers += 1;
        self.successes += usize::from(is_success);
        self.valid += usize::from(is_valid);
        self.valid_successes += usize::from(is_valid && is_success);
    }

    /// Share of valid requests that succeeded; none when there was none.
    pub(super) fn valid_share(&self) -> f64 {
        share(self.valid_successes, self.valid)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| share * 100.0;
        write!(
            formatter,
            "{:.0} % of {} valid, {:.0} % of all {}",
            percent(self.valid_share()),
            self.valid,
            percent(share(self.successes, self.answers)),
            self.answers
        )
    }
}

fn share(part: usize, whole: usize) -> f64 {
    let number = |count: usize| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
    if whole == 0 { 0.0 } else { number(part) / number(whole) }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scenario(mode: &str, status: u16, check: &str) -> Value {
        json!({"ScenarioFinished": {"recorder": {
            "cases": {"a": {"value": {"method": "GET", "path": "/x/{id}", "meta": {"generation": {"mode": mode}}}}},
            "interactions": {"a": {"response": {"status_code": status}}},
            "checks": {"a": [{"status": check, "failure_info": {"failure": {"operation": "GET /x/{id}", "title": "Server error"}}}]},
        }}})
    }

    #[test]
    fn answers_are_counted_by_operation_and_by_whether_the_request_was_valid() {
        let mut records = Records::default();
        records.take(&scenario("positive", 200, "success"));
        records.take(&scenario("positive", 404, "success"));
        records.take(&scenario("negative", 422, "success"));
        assert_eq!(records.operations["GET /x/{id}"].to_string(), "50 % of 2 valid, 33 % of all 3");
        assert!(records.failures.is_empty() && !records.is_complete);
    }

    #[test]
    fn a_failed_check_is_told_once() {
        let mut records = Records::default();
        records.take(&scenario("positive", 500, "failure"));
        records.take(&scenario("positive", 500, "failure"));
        assert_eq!(records.failures.iter().collect::<Vec<_>>(), ["GET /x/{id}: Server error"]);
    }

    #[test]
    fn an_operation_that_was_never_asked_has_no_share() {
        assert!(Operation::default().valid_share() < f64::EPSILON);
    }
}
