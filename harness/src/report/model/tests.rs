//! The model's own arithmetic, and that its JSON reads back.

use super::sample::{report, report_of, scenario};
use super::*;

#[test]
fn the_json_form_reads_back_to_the_same_report() {
    let report = report();
    let read: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(read, report);
}

#[test]
fn totals_count_every_scenario_once() {
    assert_eq!(report().totals(), (1, 3, 3));
}

#[test]
fn a_requirement_has_the_worst_verdict_of_its_scenarios() {
    assert_eq!(report().requirements[0].verdict, Some(Verdict::Failed));
    let mixed = report_of(vec![scenario(1, Verdict::Passed), scenario(2, Verdict::NotSupported)]);
    assert_eq!(mixed.requirements[0].verdict, Some(Verdict::NotSupported));
    assert_eq!(report_of(Vec::new()).requirements[0].verdict, None);
}

#[test]
fn the_first_line_names_what_was_not_shown() {
    let sentence = report().not_shown;
    assert_eq!(
        sentence,
        "Not shown: falco (absent by declaration); 1 scenario not supported here; 1 scenario skipped; 1 scenario inconclusive; 1 scenario not applicable."
    );
}
