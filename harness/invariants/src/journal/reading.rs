//! Reads a journal back, also one whose writer was killed in the middle of a line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Operation;
use super::line::Line;

/// What clients asked and were told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// The operations, in the order they were written down.
    pub operations: Vec<Operation>,
    /// Lines that broke off. A torn "sent" never left; a torn answer leaves its operation unknown.
    pub torn_lines: usize,
}

/// Why a file is not a journal.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("cannot read the journal {path}: {source}")]
    Io {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line in its middle that no crash explains.
    #[error("line {line} of {path} is not a line of a journal: {reason}")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// Why.
        reason: String,
    },
}

/// Reads several journals as one: each load client writes its own.
pub fn read_all(paths: &[PathBuf]) -> Result<Journal, ReadError> {
    let mut whole = Journal::default();
    for path in paths {
        let one = read(path)?;
        whole.operations.extend(one.operations);
        whole.torn_lines += one.torn_lines;
    }
    whole.operations.sort_by_key(|operation| (operation.sent_at, operation.id));
    Ok(whole)
}

/// Reads a journal.
pub fn read(path: &Path) -> Result<Journal, ReadError> {
    let bytes =
        std::fs::read(path).map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
    let refuse = |line: usize, reason: String| ReadError::Line {
        path: path.to_owned(),
        line: line + 1,
        reason,
    };
    let (mut journal, mut places) = (Journal::default(), HashMap::new());
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.is_empty() {
            continue;
        }
        match serde_json::from_slice(line) {
            Ok(line) => journal.take(line, &mut places).map_err(|reason| refuse(number, reason))?,
            // A writer that was killed leaves the beginning of a line, never something else.
            Err(error) if error.is_eof() || ends_inside_a_character(line) => {
                journal.torn_lines += 1;
            }
            Err(error) => return Err(refuse(number, error.to_string())),
        }
    }
    Ok(journal)
}

fn ends_inside_a_character(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_err_and(|error| error.error_len().is_none())
}

impl Journal {
    fn take(&mut self, line: Line, places: &mut HashMap<Uuid, usize>) -> Result<(), String> {
        match line {
            Line::Sent { id, at, request } => {
                if places.insert(id, self.operations.len()).is_some() {
                    return Err(format!("operation {id} is sent twice"));
                }
                self.operations.push(Operation {
                    id,
                    request,
                    sent_at: at,
                    answered_at: None,
                    answer: None,
                });
            }
            Line::Answered { id, at, answer } => {
                let place = places.get(&id).and_then(|place| self.operations.get_mut(*place));
                let operation = place
                    .ok_or_else(|| format!("operation {id} is answered and was never sent"))?;
                if operation.answer.is_some() {
                    return Err(format!("operation {id} is answered twice"));
                }
                operation.answered_at = Some(at);
                operation.answer = Some(answer);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::super::{Action, Answer, Outcome, Recorder, Request};
    use super::*;

    fn request() -> Request {
        let action = Action::Cancel { order_id: Uuid::now_v7() };
        Request { session: "s".to_owned(), user_id: None, trace_id: None, action }
    }

    fn append(path: &Path, bytes: &[u8]) {
        std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(bytes).unwrap();
    }

    async fn journal(dir: &Path) -> PathBuf {
        let path = dir.join("journal.jsonl");
        let recorder = Recorder::open(&path).unwrap();
        let first = recorder.send(&request()).await.unwrap();
        first.answered(&Answer::of(200, Some("{}".to_owned()))).await.unwrap();
        let _never_answered = recorder.send(&request()).await.unwrap();
        path
    }

    #[tokio::test]
    async fn what_was_written_reads_back_and_an_operation_without_an_answer_is_unknown() {
        let dir = tempfile::tempdir().unwrap();
        let journal = read(&journal(dir.path()).await).unwrap();
        let outcomes: Vec<_> = journal.operations.iter().map(Operation::outcome).collect();
        assert_eq!((outcomes, journal.torn_lines), (vec![Outcome::Ok, Outcome::Unknown], 0));
    }

    #[tokio::test]
    async fn a_line_is_on_the_disk_before_the_request_may_be_sent() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.jsonl");
        let recorder = Recorder::open(&path).unwrap();
        let pending = recorder.send(&request()).await.unwrap();
        assert_eq!(read(&path).unwrap().operations[0].id, pending.id());
    }

    #[tokio::test]
    async fn a_torn_last_line_is_unknown_and_no_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = journal(dir.path()).await;
        let whole = std::fs::read(&path).unwrap();
        for cut in 1..60 {
            std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            let journal = read(&path).unwrap();
            let torn = usize::from(cut > 1);
            assert_eq!(
                (journal.operations.len(), journal.torn_lines),
                (2 - torn, torn),
                "{cut} bytes less"
            );
        }
    }

    #[tokio::test]
    async fn a_client_that_starts_again_goes_on_after_a_torn_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = journal(dir.path()).await;
        append(&path, b"{\"entry\":\"answ");
        let _pending = Recorder::open(&path).unwrap().send(&request()).await.unwrap();
        let journal = read(&path).unwrap();
        assert_eq!((journal.operations.len(), journal.torn_lines), (3, 1));
    }

    #[tokio::test]
    async fn what_no_crash_explains_is_refused_with_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = journal(dir.path()).await;
        append(&path, b"{\"entry\":\"guess\"}\n");
        assert!(matches!(read(&path), Err(ReadError::Line { line: 4, .. })));
    }

    #[tokio::test]
    async fn parallel_clients_share_a_journal_without_mixing_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.jsonl");
        let recorder = Recorder::open(&path).unwrap();
        let record = |recorder: Recorder| async move {
            recorder
                .send(&request())
                .await
                .unwrap()
                .answered(&Answer::of(200, None))
                .await
                .unwrap();
        };
        futures::future::join_all((0..100).map(|_| record(recorder.clone()))).await;
        let journal = read(&path).unwrap();
        assert_eq!(journal.operations.len(), 100);
        assert!(journal.operations.iter().all(|operation| operation.outcome() == Outcome::Ok));
    }
}
