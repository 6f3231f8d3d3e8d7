//! What was measured, what it should be, and whether it is: as a table for people and as JSON.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use serde::Serialize;

use crate::programs;

/// One figure.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// What it should be; empty where nothing is promised.
    pub expected: String,
    /// What it is.
    pub measured: String,
    /// Whether that is as it should be.
    pub is_good: bool,
}

/// The figures of one lane.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Which lane.
    pub title: String,
    /// The figures.
    pub rows: Vec<Row>,
}

impl Report {
    /// An empty report: nothing observed, so not good yet.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self { title: title.to_owned(), rows: Vec::new() }
    }

    /// Adds a figure that must be equal to what is expected.
    pub fn equal<T: PartialEq + ToString>(&mut self, name: &str, expected: &T, measured: &T) {
        self.judged(name, &expected.to_string(), &measured.to_string(), expected == measured);
    }

    /// Adds a figure that was judged already.
    pub fn judged(&mut self, name: &str, expected: &str, measured: &str, is_good: bool) {
        self.rows.push(Row {
            name: name.to_owned(),
            expected: expected.to_owned(),
            measured: measured.to_owned(),
            is_good,
        });
    }

    /// Adds a figure nothing is promised about.
    pub fn noted(&mut self, name: &str, measured: &str) {
        self.judged(name, "", measured, true);
    }

    /// Whether something was observed and all of it is as it should be.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.rows.iter().any(|row| !row.expected.is_empty())
            && self.rows.iter().all(|row| row.is_good)
    }

    /// The figures as aligned text.
    #[must_use]
    pub fn table(&self) -> String {
        let width = |cell: fn(&Row) -> &str| {
            self.rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0)
        };
        let (names, expected) =
            (width(|row| &row.name), width(|row| &row.expected).max("expected".len()));
        let mut text =
            format!("{}\n     {:names$}  {:expected$}  measured\n", self.title, "", "expected");
        for row in &self.rows {
            let mark = if row.is_good { "ok " } else { "BAD" };
            // Writing to text cannot fail.
            let _infallible = writeln!(
                text,
                "{mark}  {:names$}  {:expected$}  {}",
                row.name, row.expected, row.measured
            );
        }
        text
    }
}

/// Where figures of benchmarks are kept: in cargo's target folder.
pub fn folder() -> anyhow::Result<PathBuf> {
    let folder = programs::target().join("reports");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

/// Writes reports as JSON.
pub fn write(reports: &[Report], path: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(reports)?;
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_observed_is_not_good() {
        let mut report = Report::new("lane");
        report.noted("seen", "1");
        assert!(!report.is_good());
    }

    #[test]
    fn one_wrong_figure_makes_the_report_bad_and_is_marked() {
        let mut report = Report::new("lane");
        report.equal("orders", &500, &500);
        assert!(report.is_good());
        report.equal("charges", &500, &501);
        assert!(!report.is_good());
        assert!(report.table().contains("BAD  charges  500       501"), "{}", report.table());
    }
}
