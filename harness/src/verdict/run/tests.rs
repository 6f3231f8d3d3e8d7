//! One row per rule of the result.

use super::*;

fn judged(verdict: Verdict, level: Level) -> Judged {
    Judged { verdict, level, declared_absent: false }
}

const PASSED: Judged =
    Judged { verdict: Verdict::Passed, level: Level::Core, declared_absent: false };

fn facts(scenarios: &[Judged]) -> Facts<'_> {
    Facts {
        scenarios,
        breaches: &[],
        core_left_out: 0,
        ending: Ending::Complete,
        controls_unproven: 0,
        controls_left_out: 0,
    }
}

fn conclusion(scenarios: &[Judged]) -> Conclusion {
    conclude(&facts(scenarios))
}

/// What is seen beside a scenario that passed decides alone.
fn beside_a_pass(other: Judged) -> Exit {
    let conclusion = conclusion(&[PASSED, other]);
    let reasons = &conclusion.reasons;
    assert_eq!(reasons.is_empty(), conclusion.result == RunResult::Success, "{reasons:?}");
    conclusion.exit
}

#[test]
fn the_table_of_verdicts() {
    use Level::{Core, Extended};
    for (verdict, level, exit) in [
        (Verdict::Passed, Core, Exit::Success),
        (Verdict::Failed, Extended, Exit::Failed),
        (Verdict::Error, Core, Exit::Harness),
        (Verdict::Inconclusive, Extended, Exit::Partial),
        (Verdict::Skipped, Extended, Exit::Partial),
        (Verdict::NotSupported, Core, Exit::Partial),
        (Verdict::NotSupported, Extended, Exit::Success),
        (Verdict::NotApplicable, Core, Exit::Success),
    ] {
        assert_eq!(beside_a_pass(judged(verdict, level)), exit, "{level:?} and {verdict}");
    }
}

const DECLARED_ABSENT: Judged =
    Judged { verdict: Verdict::NotSupported, level: Level::Core, declared_absent: true };

#[test]
fn what_is_declared_absent_is_no_gap_but_shows_nothing_either() {
    assert_eq!(beside_a_pass(DECLARED_ABSENT), Exit::Success);
    assert_eq!(conclusion(&[DECLARED_ABSENT]).exit, Exit::Partial);
    assert_eq!(conclusion(&[]).exit, Exit::Partial);
}

#[test]
fn the_result_follows_the_worst_and_a_failure_outranks_an_error() {
    let both = [judged(Verdict::Error, Level::Core), judged(Verdict::Failed, Level::Core)];
    assert_eq!(conclusion(&both).exit, Exit::Failed);
    let result = |verdict: Verdict| conclusion(&[PASSED, judged(verdict, Level::Core)]).result;
    assert_eq!(result(Verdict::Failed), RunResult::Failure);
    assert_eq!(result(Verdict::Error), RunResult::Failure);
    assert_eq!(result(Verdict::Inconclusive), RunResult::Partial);
    assert_eq!(result(Verdict::Passed), RunResult::Success);
}

#[test]
fn a_core_scenario_left_out_by_the_selection_is_partial() {
    let conclusion = conclude(&Facts { core_left_out: 3, ..facts(&[PASSED]) });
    assert_eq!((conclusion.result, conclusion.exit), (RunResult::Partial, Exit::Partial));
    assert_eq!(conclusion.reasons, ["3 scenarios core and not selected"]);
}

#[test]
fn a_breach_of_the_profile_fails_the_run() {
    let breaches = ["profile embedded requires istio, which is absent: x".to_owned()];
    let conclusion = conclude(&Facts { breaches: &breaches, ..facts(&[PASSED]) });
    assert_eq!((conclusion.result, conclusion.exit), (RunResult::Failure, Exit::Failed));
}

#[test]
fn an_unproven_control_fails_the_run() {
    let conclusion = conclude(&Facts { controls_unproven: 1, ..facts(&[PASSED]) });
    assert_eq!(conclusion.exit, Exit::Failed);
    assert_eq!(conclusion.reasons, ["1 negative control not proven"]);
}

#[test]
fn a_control_left_out_by_the_selection_is_partial() {
    let conclusion = conclude(&Facts { controls_left_out: 3, ..facts(&[PASSED]) });
    assert_eq!((conclusion.result, conclusion.exit), (RunResult::Partial, Exit::Partial));
    assert_eq!(conclusion.reasons, ["3 negative controls not selected"]);
}

#[test]
fn an_end_before_its_time_has_its_own_code_whatever_was_seen() {
    for (ending, exit) in [(Ending::TimedOut, 5), (Ending::Interrupted, 130)] {
        for (verdict, result) in
            [(Verdict::Passed, RunResult::Partial), (Verdict::Failed, RunResult::Failure)]
        {
            let scenarios = [judged(verdict, Level::Core)];
            let conclusion = conclude(&Facts { ending, ..facts(&scenarios) });
            assert_eq!((conclusion.exit.code(), conclusion.result), (exit, result));
        }
    }
}

#[test]
fn exit_codes_are_the_documented_ones_and_read_back() {
    let documented = [
        (Exit::Success, 0),
        (Exit::Failed, 1),
        (Exit::Usage, 2),
        (Exit::Partial, 3),
        (Exit::Harness, 4),
        (Exit::TimedOut, 5),
        (Exit::Interrupted, 130),
    ];
    for (exit, code) in documented {
        assert_eq!(exit.code(), code);
        assert_eq!(Exit::try_from(code), Ok(exit));
    }
    assert!(Exit::try_from(7).is_err());
}
