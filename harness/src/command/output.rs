//! Answers go to standard output.

use std::io::Write as _;

use anyhow::Context;
use serde::Serialize;

use super::Failure;

/// Writes text.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("writing to standard output")
        .map_err(Failure::harness)
}

/// Writes a document.
pub(super) fn print_json(document: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document).map_err(Failure::harness)?;
    print(&format!("{text}\n"))
}
