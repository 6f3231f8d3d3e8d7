//! The table of a step, row by row.

use anyhow::{Context, Result, anyhow};
use cucumber::gherkin::Step;

/// The rows below the table's head, each with as many cells as are asked for.
pub(crate) fn rows<const N: usize>(step: &Step) -> Result<Vec<[String; N]>> {
    let table = step.table.as_ref().context("the step has no table")?;
    let row = |row: &Vec<String>| {
        row.clone().try_into().map_err(|row| anyhow!("{row:?} has not {N} cells"))
    };
    table.rows.iter().skip(1).map(row).collect()
}
