//! The whole verdict: exit codes, the empty history, the bound, storing and judging again.

use ecotrack_invariants::drain::Rest;
use ecotrack_invariants::history::History;
use ecotrack_invariants::journal::Journal;
use ecotrack_invariants::judge::Invariant;
use ecotrack_invariants::observed::Observed;
use ecotrack_invariants::report::{Exit, Report, Verdict, table};

use crate::world::World;

fn good() -> History {
    let mut world = World::new();
    let user = world.customer();
    let (kept, given_up) = (world.order(user, 1), world.order(user, 1));
    world.pay(kept);
    world.cancel(given_up);
    world.end()
}

fn report(history: &History) -> Report {
    Report::of(history, &Invariant::ALL)
}

#[test]
fn a_good_history_is_held_and_says_how_much_that_means() {
    let report = report(&good());
    assert_eq!((report.verdict, report.exit()), (Verdict::Held, Exit::Held));
    let first = &report.judgements[0];
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let expected = 3.0 / first.findings.examined as f64;
    assert!((first.bound().unwrap() - expected).abs() < f64::EPSILON);
    let text = table(&report);
    assert!(text.contains("0 of 5") && text.contains("rate below 60.00 %"), "{text}");
}

#[test]
fn an_empty_history_is_red() {
    let empty = History::new(Journal::default(), Observed::default(), Rest::at_once());
    let report = report(&empty);
    assert_eq!(report.exit(), Exit::Violated);
    assert!(table(&report).contains("nothing observed"));
}

#[test]
fn a_journal_without_a_world_is_red_and_so_is_a_world_without_a_journal() {
    let mut no_world = good();
    no_world.observed = Observed::default();
    assert_eq!(report(&no_world).exit(), Exit::Violated);
    let mut no_journal = good();
    no_journal.journal = Journal::default();
    assert!(report(&no_journal).why[0].starts_with("nothing observed"));
}

#[test]
fn a_system_that_did_not_come_to_rest_is_red_with_what_is_left() {
    let mut history = good();
    history.rest =
        Rest { left: vec!["3 events wait in order_service.outbox".to_owned()], waited_ms: 60_000 };
    let report = report(&history);
    assert_eq!(report.exit(), Exit::Violated);
    assert!(
        table(&report)
            .contains("did not come to rest in 60 s: 3 events wait in order_service.outbox")
    );
}

#[test]
fn what_could_not_be_judged_is_neither_held_nor_violated() {
    let mut history = good();
    history.observed.telemetry = None;
    assert_eq!(report(&history).exit(), Exit::Partial);
    let asked: Vec<_> =
        Invariant::ALL.into_iter().filter(|invariant| *invariant != Invariant::I10).collect();
    assert_eq!(Report::of(&history, &asked).exit(), Exit::Held);
}

#[test]
fn a_violation_is_shown_with_ids_expectation_and_culprit() {
    let mut history = good();
    history.observed.database.outbox.pop();
    let report = report(&history);
    assert_eq!(report.exit(), Exit::Violated);
    let text = table(&report);
    for part in
        ["I4   VIOLATED", "expected each event in Kafka has a committed outbox row", "culprit"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_stored_history_is_judged_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.json");
    let history = good();
    history.write(&path).unwrap();
    let again = History::read(&path).unwrap();
    assert_eq!(again, history);
    assert_eq!(report(&again), report(&history));
}

#[test]
fn a_history_of_another_schema_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.json");
    let mut history = good();
    history.schema = "something/v2".to_owned();
    history.write(&path).unwrap();
    assert!(History::read(&path).unwrap_err().to_string().contains("something/v2"));
}

#[test]
fn a_report_reads_back() {
    let report = report(&good());
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
}
