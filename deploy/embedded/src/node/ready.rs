//! Waiting until something holds, while noticing that a program died.

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::process::log_path;
use crate::command;
use crate::layout::Layout;
use crate::pause::pause;

const POLL: Duration = Duration::from_millis(100);

/// A program that must not end while something is waited for.
#[derive(Debug)]
pub struct Watched {
    /// The program's name.
    pub name: &'static str,
    /// Its process.
    pub child: Child,
}

/// Waits until `condition` answers nothing; what it answers until then says what is missing.
///
/// # Errors
/// When a watched program ends, or `limit` passes; the error carries the program's last words or what was missing.
pub fn until(
    layout: &Layout,
    what: &str,
    limit: Duration,
    watched: &mut [Watched],
    mut condition: impl FnMut() -> Option<String>,
) -> Result<()> {
    let began = Instant::now();
    loop {
        let Some(missing) = condition() else { return Ok(()) };
        for program in watched.iter_mut() {
            if let Some(status) = program
                .child
                .try_wait()
                .with_context(|| format!("cannot look at {}", program.name))?
            {
                bail!(
                    "{} ended ({status}) while waiting for {what}:\n  {}",
                    program.name,
                    last_words(layout, program.name)
                );
            }
        }
        if began.elapsed() > limit {
            bail!("{what} not there after {} s: {missing}; see `embedded logs`", limit.as_secs());
        }
        pause(POLL);
    }
}

fn last_words(layout: &Layout, name: &str) -> String {
    let path = log_path(layout, name);
    fs::read_to_string(&path)
        .map_or_else(|error| format!("no log: {error}"), |text| command::tail(&text))
}
