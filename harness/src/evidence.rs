//! What a step asked and what it was told: kept on pass and on fail, redacted, taken before anything is cleaned up.

mod redact;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use redact::Redactor;

/// The longest question or answer kept, in characters; longer ones are cut and say so.
pub const LONGEST_TEXT: usize = 4_000;

/// One question and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Who was asked: `http`, `prometheus`, `loki`, `kubernetes` …
    pub kind: String,
    /// The question, as it was sent.
    pub query: String,
    /// The answer, or the part of it that was judged.
    pub answer: String,
    /// When it was asked.
    pub at: DateTime<Utc>,
    /// How long the answer took, in milliseconds.
    pub took_ms: u64,
    /// The ids that tie it to the scenario: trace, correlation, order …
    pub ids: BTreeMap<String, String>,
}

impl Evidence {
    /// A question asked now; `answer` completes it.
    pub fn new(kind: impl Into<String>, query: impl Into<String>) -> Self {
        Self { kind: kind.into(), query: query.into(), answer: String::new(), at: Utc::now(), took_ms: 0, ids: BTreeMap::new() }
    }

    /// Adds the answer.
    #[must_use]
    pub fn answer(mut self, answer: impl Into<String>) -> Self {
        self.answer = answer.into();
        self
    }

    /// Adds how long it took.
    #[must_use]
    pub fn took(mut self, took: Duration) -> Self {
        self.took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self
    }

    /// Adds an id.
    #[must_use]
    pub fn id(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.ids.insert(name.into(), value.to_string());
        self
    }

    fn redacted(self, redactor: &Redactor) -> Self {
        let clean = |text: &str| shorten(&redactor.redact(text));
        Self { query: clean(&self.query), answer: clean(&self.answer), ..self }
    }
}

/// The evidence of one step, in the order it was taken.
#[derive(Debug, Clone, Default)]
struct Pages {
    by_step: Vec<Vec<Evidence>>,
}

/// The evidence of one scenario, step by step. Cheap to clone; all clones write into the same pages.
#[derive(Debug, Clone)]
pub struct Journal {
    redactor: Redactor,
    pages: Arc<Mutex<Pages>>,
}

impl Journal {
    /// An empty journal that removes what `redactor` knows to be secret.
    #[must_use]
    pub fn new(redactor: Redactor) -> Self {
        Self { redactor, pages: Arc::default() }
    }

    /// Keeps a question and its answer with the current step.
    pub fn record(&self, evidence: Evidence) {
        let evidence = evidence.redacted(&self.redactor);
        let mut pages = self.pages();
        if pages.by_step.is_empty() {
            pages.by_step.push(Vec::new());
        }
        if let Some(current) = pages.by_step.last_mut() {
            current.push(evidence);
        }
    }

    /// Asks and records in one go: the answer's `describe`d form, or the error.
    pub async fn asked<T, E: std::fmt::Display>(
        &self,
        kind: &str,
        query: impl Into<String>,
        question: impl Future<Output = Result<T, E>>,
        describe: impl FnOnce(&T) -> String,
    ) -> Result<T, E> {
        let (evidence, started) = (Evidence::new(kind, query), Instant::now());
        let answer = question.await;
        let told = match &answer {
            Ok(value) => describe(value),
            Err(error) => format!("{error:#}"),
        };
        self.record(evidence.answer(told).took(started.elapsed()));
        answer
    }

    /// From now on evidence belongs to the next step.
    pub fn next_step(&self) {
        self.pages().by_step.push(Vec::new());
    }

    /// The evidence of each step so far.
    #[must_use]
    pub fn by_step(&self) -> Vec<Vec<Evidence>> {
        self.pages().by_step.clone()
    }

    /// What knows the secrets; tell it of any the scenario makes.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// A step that panicked while writing leaves whole entries behind, so the pages stay usable.
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{} … ({} more characters)", &text[..end], text[end..].chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Journal {
        Journal::new(Redactor::default())
    }

    #[test]
    fn evidence_belongs_to_the_step_that_took_it() {
        let journal = journal();
        journal.next_step();
        journal.record(Evidence::new("http", "GET /one"));
        journal.next_step();
        journal.record(Evidence::new("http", "GET /two"));
        let queries: Vec<Vec<String>> =
            journal.by_step().into_iter().map(|step| step.into_iter().map(|evidence| evidence.query).collect()).collect();
        assert_eq!(queries, [["GET /one"], ["GET /two"]]);
    }

    #[tokio::test]
    async fn a_failed_question_is_evidence_too() {
        let journal = journal();
        let answer: Result<(), String> = journal.asked("loki", "{app=\"x\"}", async { Err("refused".to_owned()) }, |()| String::new()).await;
        assert!(answer.is_err());
        assert_eq!(journal.by_step()[0][0].answer, "refused");
    }

    #[test]
    fn secrets_never_reach_the_journal() {
        let journal = journal();
        journal.redactor().forget("hunter2hunter2");
        journal.record(Evidence::new("http", "POST /login hunter2hunter2").answer("password=hunter2hunter2"));
        let kept = serde_json::to_string(&journal.by_step()).unwrap();
        assert!(!kept.contains("hunter2"), "{kept}");
    }

    #[test]
    fn long_answers_are_cut_and_say_so() {
        let journal = journal();
        journal.record(Evidence::new("http", "GET /").answer("x".repeat(LONGEST_TEXT + 5)));
        assert!(journal.by_step()[0][0].answer.ends_with("… (5 more characters)"));
    }
}
