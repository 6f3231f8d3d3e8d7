//! Every scenario, with what it shows and what it needs.

use std::process::ExitCode;

use serde_json::json;

use super::output::{print, print_json};
use super::{Done, Failure, Format, ListArguments};
use crate::arguments::Repository;
use crate::capability::Capability;
use crate::catalogue::{Entry, Level};
use crate::plan::Plan;
use crate::profile::ANY;

/// Prints the catalogue; no cluster is asked.
pub(super) fn list(arguments: &ListArguments) -> Done {
    let repository = Repository::find().map_err(Failure::usage)?;
    let plan = Plan::read(&repository.features(), arguments.tags.as_deref(), ANY)
        .map_err(Failure::usage)?;
    match arguments.format {
        Format::Json => print_json(&plan.selected().map(document).collect::<Vec<_>>())?,
        Format::Text => print(&plan.selected().map(lines).collect::<String>())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn document(entry: &Entry) -> serde_json::Value {
    json!({
        "address": entry.address,
        "feature": entry.feature,
        "scenario": entry.name,
        "level": entry.tags.level,
        "requirements": entry.tags.requirements,
        "requires": entry.tags.requires,
        "tags": entry.tags.all,
    })
}

fn lines(entry: &Entry) -> String {
    let requirements: Vec<&str> = entry.tags.requirements.iter().map(String::as_str).collect();
    let needs: Vec<&str> =
        entry.tags.requires.iter().map(|capability| Capability::name(*capability)).collect();
    let level = if entry.tags.level == Level::Core { "core" } else { "extended" };
    let needs = if needs.is_empty() { "nothing".to_owned() } else { needs.join(", ") };
    format!(
        "{}: {}\n    {} ({level}), needs {needs}; {}\n",
        entry.feature,
        entry.name,
        requirements.join(", "),
        entry.address
    )
}
