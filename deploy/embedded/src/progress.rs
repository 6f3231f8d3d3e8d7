//! What a user sees while waiting: steps with elapsed and expected time, and the figures at the end.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

const TICK: Duration = Duration::from_millis(200);

/// How long one step took.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The step's name.
    pub name: String,
    /// Its wall-clock time.
    pub took: Duration,
}

/// Tells steps to a terminal as moving lines, to anything else as plain lines.
#[derive(Debug, Clone)]
pub struct Progress {
    began: Instant,
    bars: Option<MultiProgress>,
    figures: Arc<Mutex<Vec<Figure>>>,
}

impl Default for Progress {
    fn default() -> Self {
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        Self { began: Instant::now(), bars, figures: Arc::default() }
    }
}

impl Progress {
    /// Begins a step; `expected` is what it took where it was measured.
    #[must_use]
    pub fn step(&self, name: impl Into<String>, expected: Option<Duration>) -> Step {
        let name = name.into();
        let bar = self.bars.as_ref().map(|bars| moving_line(bars, &name, expected));
        if bar.is_none() {
            self.say(&format!("{name} ...{}", hint(expected)));
        }
        Step { progress: self.clone(), name, began: Instant::now(), bar }
    }

    /// Tells that something ended, and keeps its figure.
    pub fn ended(&self, name: &str, took: Duration, detail: &str) {
        let tail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
        self.say(&format!("{name} done in {:.1}s{tail}", took.as_secs_f64()));
        let figure = Figure { name: name.to_owned(), took };
        self.figures.lock().unwrap_or_else(PoisonError::into_inner).push(figure);
    }

    /// One line for the user, beside whatever moves.
    pub fn say(&self, line: &str) {
        let text = format!("[{:>6.1}s] {line}", self.began.elapsed().as_secs_f64());
        if let Some(bars) = &self.bars {
            bars.suspend(|| plain(&text));
        } else {
            plain(&text);
        }
    }

    /// The time since the beginning.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// The figures of all finished steps, in the order they ended.
    #[must_use]
    pub fn figures(&self) -> Vec<Figure> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Prints every step's time and the total.
    pub fn summary(&self) {
        for figure in self.figures() {
            plain(&format!("  {:<44} {:>8.1} s", figure.name, figure.took.as_secs_f64()));
        }
        plain(&format!("  {:<44} {:>8.1} s", "total", self.elapsed().as_secs_f64()));
    }
}

/// A step under way.
#[derive(Debug)]
pub struct Step {
    progress: Progress,
    name: String,
    began: Instant,
    bar: Option<ProgressBar>,
}

impl Step {
    /// Ends the step well; `detail` may say what came of it.
    pub fn done(self, detail: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.progress.ended(&self.name, self.began.elapsed(), detail);
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn moving_line(bars: &MultiProgress, name: &str, expected: Option<Duration>) -> ProgressBar {
    let bar = bars.add(ProgressBar::new_spinner());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.set_message(format!("{name}{}", hint(expected)));
    bar.enable_steady_tick(TICK);
    bar
}

fn hint(expected: Option<Duration>) -> String {
    expected.map_or_else(String::new, |time| format!(" (about {} s)", time.as_secs()))
}

fn plain(line: &str) {
    // A closed standard error leaves nobody to tell.
    let _told = writeln!(std::io::stderr(), "{line}");
}
