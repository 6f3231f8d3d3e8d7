//! One row per rule of the result.

use super::*;

fn judged(verdict: Verdict, level: Level) -> Judged {
    Judged { verdict, level, declared_absent: false }
}

const PASSED: Judged =
    Judged { verdict: Verdict::Passed, level: Level::Core, declared_absent: false };

fn conclusion(scenarios: &[Judged]) -> Conclusion {
    conclude(&Facts {
        scenarios,
        breaches: &[],
        core_left_out: 0,
        ending: Ending::Complete,
        controls_unproven: 0,
    })
}

#[test]
fn the_table_of_verdicts() {
    use RunResult::{Failure, Partial, Success};
    let declared = Judged { declared_absent: true, ..judged(Verdict::NotSupported, Level::Core) };
    let cases = [
        ("everything passed", vec![PASSED], Success, Exit::Success),
        (
            "one failed",
            vec![PASSED, judged(Verdict::Failed, Level::Extended)],
            Failure,
            Exit::Failed,
        ),
        (
            "one ended in an error",
            vec![PASSED, judged(Verdict::Error, Level::Core)],
            Failure,
            Exit::Harness,
        ),
        (
            "a failure outranks an error",
            vec![judged(Verdict::Error, Level::Core), judged(Verdict::Failed, Level::Core)],
            Failure,
            Exit::Failed,
        ),
        (
            "an inconclusive one",
            vec![PASSED, judged(Verdict::Inconclusive, Level::Extended)],
            Partial,
            Exit::Partial,
        ),
        (
            "a skipped one",
            vec![PASSED, judged(Verdict::Skipped, Level::Extended)],
            Partial,
            Exit::Partial,
        ),
        (
            "a core one not supported",
            vec![PASSED, judged(Verdict::NotSupported, Level::Core)],
            Partial,
            Exit::Partial,
        ),
        ("a core one declared absent", vec![PASSED, declared], Success, Exit::Success),
        (
            "an extended one not supported",
            vec![PASSED, judged(Verdict::NotSupported, Level::Extended)],
            Success,
            Exit::Success,
        ),
        (
            "one without meaning here",
            vec![PASSED, judged(Verdict::NotApplicable, Level::Core)],
            Success,
            Exit::Success,
        ),
        ("nothing at all", vec![], Partial, Exit::Partial),
        ("nothing but what is not supported", vec![declared], Partial, Exit::Partial),
    ];
    for (name, scenarios, result, exit) in cases {
        let conclusion = conclusion(&scenarios);
        assert_eq!(
            (conclusion.result, conclusion.exit),
            (result, exit),
            "{name}: {:?}",
            conclusion.reasons
        );
        assert_eq!(
            conclusion.reasons.is_empty(),
            result == Success,
            "{name}: {:?}",
            conclusion.reasons
        );
    }
}

#[test]
fn a_core_scenario_left_out_by_the_selection_is_partial() {
    let conclusion = conclude(&Facts {
        scenarios: &[PASSED],
        breaches: &[],
        core_left_out: 3,
        ending: Ending::Complete,
        controls_unproven: 0,
    });
    assert_eq!((conclusion.result, conclusion.exit), (RunResult::Partial, Exit::Partial));
    assert_eq!(conclusion.reasons, ["3 scenarios core and not selected"]);
}

#[test]
fn a_breach_of_the_profile_fails_the_run() {
    let breaches = ["profile embedded requires istio, which is absent: x".to_owned()];
    let conclusion = conclude(&Facts {
        scenarios: &[PASSED],
        breaches: &breaches,
        core_left_out: 0,
        ending: Ending::Complete,
        controls_unproven: 0,
    });
    assert_eq!((conclusion.result, conclusion.exit), (RunResult::Failure, Exit::Failed));
}

#[test]
fn an_unproven_control_fails_the_run() {
    let conclusion = conclude(&Facts {
        scenarios: &[PASSED],
        breaches: &[],
        core_left_out: 0,
        ending: Ending::Complete,
        controls_unproven: 1,
    });
    assert_eq!(conclusion.exit, Exit::Failed);
    assert_eq!(conclusion.reasons, ["1 negative control not proven"]);
}

#[test]
fn an_end_before_its_time_has_its_own_code_whatever_was_seen() {
    for (ending, exit) in [(Ending::TimedOut, 5), (Ending::Interrupted, 130)] {
        for (verdict, result) in
            [(Verdict::Passed, RunResult::Partial), (Verdict::Failed, RunResult::Failure)]
        {
            let scenarios = [judged(verdict, Level::Core)];
            let conclusion = conclude(&Facts {
                scenarios: &scenarios,
                breaches: &[],
                core_left_out: 0,
                ending,
                controls_unproven: 0,
            });
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
