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
        Self {
            kind: kind.into(),
            query: query.into(),
            answer: String::new(),
            at: Utc::now(),
            took_ms: 0,
            ids: BTreeMap::new(),
        }
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
    pub fn id(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.ids.insert(name.into(), value.into());
        self
    }

    fn redacted(self, redactor: &Redactor) -> Self {
        let clean = |text: &str| shorten(&redactor.redact(text));
        Self { query: clean(&self.query), answer: clean(&self.answer), ..self }
    }
}

/// The evidence of one scenario. Cheap to clone; all clones write into the same pages. An entry belongs to the
/// step during which its question was asked.
#[derive(Debug, Clone)]
pub struct Journal {
    redactor: Redactor,
    pages: Arc<Mutex<Vec<Evidence>>>,
}

impl Journal {
    /// An empty journal that removes what `redactor` knows to be secret.
    #[must_use]
    pub fn new(redactor: Redactor) -> Self {
        Self { redactor, pages: Arc::default() }
    }

    /// Keeps a question and its answer.
    pub fn record(&self, evidence: Evidence) {
        let evidence = evidence.redacted(&self.redactor);
        self.pages().push(evidence);
    }

    /// Asks and records in one go: the answer's `describe`d form, or the error with the whole chain of its causes.
    pub async fn asked<T, E: Into<anyhow::Error>>(
        &self,
        kind: &str,
        query: impl Into<String>,
        question: impl Future<Output = Result<T, E>>,
        describe: impl FnOnce(&T) -> String,
    ) -> anyhow::Result<T> {
        let (evidence, started) = (Evidence::new(kind, query), Instant::now());
        let answer: anyhow::Result<T> = question.await.map_err(Into::into);
        let told = match &answer {
            Ok(value) => describe(value),
            Err(error) => format!("{error:#}"),
        };
        self.record(evidence.answer(told).took(started.elapsed()));
        answer
    }

    /// Everything so far, in the order it was recorded.
    #[must_use]
    pub fn entries(&self) -> Vec<Evidence> {
        self.pages().clone()
    }

    /// What knows the secrets; tell it of any the scenario makes.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// A step that panicked while writing leaves whole entries behind, so the pages stay usable.
    fn pages(&self) -> MutexGuard<'_, Vec<Evidence>> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        None => text.to_owned(),
        Some((end, _)) => {
            format!("{} … ({} more characters)", &text[..end], text[end..].chars().count())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Journal {
        Journal::new(Redactor::default())
    }

    #[tokio::test]
    async fn a_failed_question_is_evidence_too() {
        let journal = journal();
        let refusal = async { Err(anyhow::anyhow!("reset").context("refused")) };
        let answer: anyhow::Result<()> =
            journal.asked("loki", "{app=\"x\"}", refusal, |()| String::new()).await;
        assert!(answer.is_err());
        assert_eq!(journal.entries()[0].answer, "refused: reset");
    }

    #[test]
    fn secrets_never_reach_the_journal() {
        let journal = journal();
        journal.redactor().forget("hunter2hunter2");
        journal.record(
            Evidence::new("http", "POST /login hunter2hunter2").answer("password=hunter2hunter2"),
        );
        let kept = serde_json::to_string(&journal.entries()).unwrap();
        assert!(!kept.contains("hunter2"), "{kept}");
    }

    #[test]
    fn long_answers_are_cut_and_say_so() {
        let journal = journal();
        journal.record(Evidence::new("http", "GET /").answer("x".repeat(LONGEST_TEXT + 5)));
        assert!(journal.entries()[0].answer.ends_with("… (5 more characters)"));
    }
}
