//! What the installer tells while it works.

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One thing worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Work on a part begins.
    Began {
        /// Its name.
        part: String,
    },
    /// Something is waited for.
    Waiting {
        /// Its name.
        part: String,
        /// What for, in words.
        object: String,
    },
    /// Something happened that the user would want to know.
    Told {
        /// The part's name.
        part: String,
        /// A sentence about it.
        what: String,
    },
    /// A part is installed and ready.
    Finished {
        /// Its name.
        part: String,
        /// How long it took.
        took: Duration,
        /// Whether it was there already.
        unchanged: bool,
    },
}

/// Receives the events, from several parts at the same time.
pub type Reporter = Arc<dyn Fn(Event) + Send + Sync>;

/// One line per event on standard error, with the time since the beginning.
#[must_use]
pub fn plain_lines() -> Reporter {
    let began = Instant::now();
    Arc::new(move |event| {
        let line = format!("[{:>6.1}s] {}\n", began.elapsed().as_secs_f64(), sentence(&event));
        // Nobody is left to tell when standard error is closed.
        drop(std::io::stderr().write_all(line.as_bytes()));
    })
}

/// Tells nothing.
#[must_use]
pub fn silent() -> Reporter {
    Arc::new(drop)
}

fn sentence(event: &Event) -> String {
    match event {
        Event::Began { part } => format!("{part} ..."),
        Event::Waiting { part, object } => format!("{part} waits for {object}"),
        Event::Told { part, what } => format!("{part}: {what}"),
        Event::Finished { part, took, unchanged: true } => {
            format!("{part} is as it should be ({:.1}s)", took.as_secs_f64())
        }
        Event::Finished { part, took, unchanged: false } => {
            format!("{part} is ready ({:.1}s)", took.as_secs_f64())
        }
    }
}
