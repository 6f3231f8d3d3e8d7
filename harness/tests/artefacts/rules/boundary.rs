//! The thresholds of the alerts: moved a little to either side, each of them turns a unit test red.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use super::{RuleFile, alerts, all};
use crate::promtool::Folder;
use crate::repository::{files, stem, text, yaml};

/// A comparison with a number.
static THRESHOLD: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"([<>]=?)\s*([0-9]+(?:\.[0-9]+)?)").unwrap());
/// The name under which the unit test of a hundred pods stands beside the others.
const HUNDRED_PODS: &str = "hundred_pods_test.yaml";

/// The expression with one of its thresholds moved, for each threshold and either side. A least count moves by one, a measure by a tenth.
fn mutants(expr: &str) -> Vec<String> {
    let moved = |found: regex::Captures<'_>| -> Vec<String> {
        let (operator, number) = (&found[1], found.get(2).expect("a number"));
        let threshold: f64 = number.as_str().parse().expect("a number");
        let by = if operator == ">=" || number.as_str() == "0" { 1.0 } else { threshold / 10.0 };
        let (before, after) = (&expr[..number.start()], &expr[number.end()..]);
        let mutant = |threshold: f64| format!("{before}{threshold}{after}");
        vec![mutant(threshold - by), mutant(threshold + by)]
    };
    THRESHOLD.captures_iter(expr).flat_map(moved).collect()
}

/// A rule file with another expression for one alert; none when the alert is not in it.
fn with(mut file: RuleFile, alert: &str, expr: &str) -> Option<RuleFile> {
    let mut rules = file.groups.iter_mut().flat_map(|group| &mut group.rules);
    let rule = rules.find(|rule| rule.alert.as_deref() == Some(alert))?;
    expr.clone_into(&mut rule.expr);
    Some(file)
}

#[derive(Deserialize)]
struct TestFile {
    rule_files: Vec<PathBuf>,
}

/// Whether every unit test of a rule file passes with it.
fn passes(folder: &str, rules: RuleFile) -> bool {
    let of_file = |test: &PathBuf| {
        let judged = yaml::<TestFile>(test).rule_files;
        judged.iter().any(|path| stem(path) == stem(&rules.path))
    };
    let tests: Vec<PathBuf> = files("alerts/tests", "yaml").into_iter().filter(of_file).collect();
    let hundred_pods =
        Some(Path::new(HUNDRED_PODS)).filter(|_| stem(&rules.path) == "availability");
    let folder = Folder::of(folder, &[rules]);
    for path in &tests {
        folder.add_test(path, &text(path));
    }
    if let Some(path) = hundred_pods {
        folder.add_test(path, &hundred_pods_test());
    }
    folder.passes(&["test", "rules"], tests.iter().map(AsRef::as_ref).chain(hundred_pods))
}

/// A hundred pods, of which 99 answer for two minutes and 98 from then on: the neighbours of 99 %.
fn hundred_pods_test() -> String {
    let mut test = "rule_files: [availability.yaml]\nevaluation_interval: 5s\ntests:\n  - name: ServiceUnavailable wants 99 of 100 pods\n    interval: 5s\n    input_series:\n".to_owned();
    let mut series = |metric: &str, pod: u32, values: &str| {
        let labels = format!(r#"namespace="ecotrack", application="user-service", pod="{pod}""#);
        writeln!(test, "      - {{series: '{metric}{{{labels}}}', values: {values}}}")
            .expect("text");
    };
    for pod in 1..=100 {
        series("up", pod, "1x60");
        match pod {
            100 => {}
            99 => series("db_pool_connections", pod, "5x23 stale"),
            _ => series("db_pool_connections", pod, "5x60"),
        }
    }
    let firing = r#"count(ALERTS{alertname="ServiceUnavailable", alertstate="firing", application="user-service"})"#;
    write!(
        test,
        "    promql_expr_test:
      - {{expr: '{firing}', eval_time: 1m55s, exp_samples: []}}
      - {{expr: '{firing}', eval_time: 2m55s, exp_samples: []}}
      - {{expr: '{firing}', eval_time: 3m, exp_samples: [{{labels: '{{}}', value: 1}}]}}
"
    )
    .expect("text");
    test
}

#[test]
fn ninety_nine_of_a_hundred_pods_are_enough_and_ninety_eight_are_not() {
    let availability = all().into_iter().find(|file| stem(&file.path) == "availability");
    let folder = Folder::of("rules-boundary", &[availability.expect("a rule of availability")]);
    let path = Path::new(HUNDRED_PODS);
    folder.add_test(path, &hundred_pods_test());
    folder.run(&["test", "rules"], std::iter::once(path));
}

#[test]
fn a_threshold_that_moves_a_little_turns_a_unit_test_red() {
    for (alert, rule) in alerts() {
        let mutants = mutants(&rule.expr);
        assert!(!mutants.is_empty(), "{alert}: compares nothing with a number: {}", rule.expr);
        for mutant in mutants {
            let changed = all().into_iter().find_map(|file| with(file, &alert, &mutant));
            assert!(
                !passes("rules-mutants", changed.expect("the file of the alert")),
                "{alert}: no unit test notices that the expression is {mutant}"
            );
        }
    }
}

#[test]
fn counts_move_by_one_and_measures_by_a_tenth() {
    assert_eq!(
        mutants("a > 0.5 and b >= 10 / 60"),
        [
            "a > 0.45 and b >= 10 / 60",
            "a > 0.55 and b >= 10 / 60",
            "a > 0.5 and b >= 9 / 60",
            "a > 0.5 and b >= 11 / 60",
        ]
    );
}
