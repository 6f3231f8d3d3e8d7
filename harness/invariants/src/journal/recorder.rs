//! Writes the journal: a line counts once it is on the disk.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use anyhow::{Context as _, anyhow};
use chrono::Utc;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::line::Line;
use super::{Answer, Request};

/// Lines that wait for the disk. Beyond it whoever records waits.
const QUEUE: usize = 1024;
/// Lines that one flush carries at most.
const BATCH: usize = 256;

/// Writes a journal. Clones write the same one; lines that arrive together share one flush.
#[derive(Debug, Clone)]
pub struct Recorder {
    lines: SyncSender<Job>,
}

/// An operation that is written down and may now be sent.
#[derive(Debug)]
#[must_use = "an operation without an answer is recorded as unknown"]
pub struct Pending {
    id: Uuid,
    recorder: Recorder,
}

#[derive(Debug)]
struct Job {
    bytes: Vec<u8>,
    done: oneshot::Sender<Result<(), String>>,
}

impl Recorder {
    /// Opens a journal and adds to it. A torn line at its end, of a client that was killed, is closed first.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let at = || format!("cannot open the journal {}", path.display());
        let mut file =
            OpenOptions::new().create(true).append(true).read(true).open(path).with_context(at)?;
        if !ends_with_line(path).with_context(at)? {
            file.write_all(b"\n").with_context(at)?;
        }
        let (lines, jobs) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write_all(&mut file, &jobs))
            .context("cannot start the journal's thread")?;
        Ok(Self { lines })
    }

    /// Writes down what is about to be sent. When this returns, it is on the disk.
    pub async fn send(&self, request: &Request) -> anyhow::Result<Pending> {
        let id = Uuid::now_v7();
        self.write(&Line::Sent { id, at: Utc::now(), request: request.clone() }).await?;
        Ok(Pending { id, recorder: self.clone() })
    }

    async fn write(&self, line: &Line) -> anyhow::Result<()> {
        let bytes = line.bytes().context("a line of the journal cannot be written as JSON")?;
        let (done, written) = oneshot::channel();
        let lines = self.lines.clone();
        let gone = || anyhow!("the journal's thread has ended");
        tokio::task::spawn_blocking(move || lines.send(Job { bytes, done }))
            .await
            .context("the journal's line was not handed over")?
            .map_err(|_closed| gone())?;
        written.await.map_err(|_closed| gone())?.map_err(|error| anyhow!(error))
    }
}

impl Pending {
    /// Identity of the operation.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Writes down the answer. When this returns, it is on the disk.
    pub async fn answered(self, answer: &Answer) -> anyhow::Result<()> {
        let line = Line::Answered { id: self.id, at: Utc::now(), answer: answer.clone() };
        self.recorder.write(&line).await
    }
}

fn ends_with_line(path: &Path) -> std::io::Result<bool> {
    // Journals are some megabytes; a client opens its own once.
    Ok(std::fs::read(path)?.last().is_none_or(|last| *last == b'\n'))
}

fn write_all(file: &mut File, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let batch: Vec<Job> =
            std::iter::once(first).chain(jobs.try_iter().take(BATCH - 1)).collect();
        let written = write_batch(file, &batch)
            .map_err(|error| format!("the journal cannot be written: {error}"));
        for job in batch {
            // Whoever waited may have been cancelled: the line is on the disk all the same.
            job.done.send(written.clone()).ok();
        }
    }
}

fn write_batch(file: &mut File, batch: &[Job]) -> std::io::Result<()> {
    let bytes: Vec<u8> = batch.iter().flat_map(|job| job.bytes.iter().copied()).collect();
    file.write_all(&bytes)?;
    file.sync_data()
}
