//! The `conformance` program told nonsense: it says once what is wrong, at once, and ends as a mistake in the asking ends.

#![cfg(test)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Exit code of a mistake on the command line, in the configuration or in the context.
const USAGE: i32 = 2;
/// Longest that anybody waits to hear of their mistake.
const PROMPTLY: Duration = Duration::from_secs(5);
/// A cluster at an address where nobody listens.
const KUBECONFIG: &str = "
apiVersion: v1
kind: Config
current-context: dead
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]
users: [{name: u, user: {}}]
contexts: [{name: dead, context: {cluster: c, user: u}}]
";

/// Runs it in a folder that is also its home, with nothing of ours in the environment.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_conformance"));
    program.args(arguments).current_dir(folder).env_clear().env("HOME", folder);
    program.output().expect("the program starts")
}

/// Fails unless it ended as a mistake does, and said what is wrong once, with these words.
fn expect_refused(folder: &Path, arguments: &[&str], words: &str) {
    let started = Instant::now();
    let output = run(folder, arguments);
    let took = started.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(USAGE), "{arguments:?}: {said}");
    let errors = said.lines().filter(|line| line.starts_with("error: ")).count();
    assert_eq!(errors, 1, "{arguments:?}: {said}");
    assert!(said.starts_with("error: ") && said.contains(words), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?} answers nothing");
    assert!(took < PROMPTLY, "{arguments:?} took {took:?}");
}

/// A checkout with one feature file.
fn checkout(feature: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let features = folder.path().join("features");
    fs::create_dir(&features).expect("a folder of features");
    for name in ["requirements.yaml", "profiles.yaml"] {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../features").join(name);
        if ours.is_file() {
            fs::copy(ours, features.join(name)).expect("a copy");
        }
    }
    fs::write(features.join("only.feature"), feature).expect("a feature file");
    folder
}

const GOOD: &str = "Feature: x\n  @core @ECO-MSH-003\n  Scenario: y\n    Given z\n";

#[test]
fn an_unknown_word_on_the_command_line_is_named() {
    let folder = checkout(GOOD);
    for arguments in
        [&["list", "--no-such-flag"][..], &["no-such-flag"], &["run", "--no-such-flag"]]
    {
        expect_refused(folder.path(), arguments, "no-such-flag");
    }
    let none = ["run", "--concurrency", "0"];
    expect_refused(folder.path(), &none, "--concurrency");
}

#[test]
fn a_context_that_nobody_has_is_named_with_those_there_are() {
    let folder = checkout(GOOD);
    fs::write(folder.path().join("kubeconfig"), KUBECONFIG).expect("a kubeconfig");
    for command in ["doctor", "sweep"] {
        let arguments = [command, "--kubeconfig", "kubeconfig", "--context", "nobodys"];
        expect_refused(folder.path(), &arguments, "has no context `nobodys`: it has dead");
    }
}

#[test]
fn where_no_cluster_is_the_way_to_one_is_shown() {
    let folder = checkout(GOOD);
    expect_refused(folder.path(), &["doctor"], "run `make cluster-up`");
    fs::write(folder.path().join("kubeconfig"), KUBECONFIG).expect("a kubeconfig");
    let arguments = ["doctor", "--kubeconfig", "kubeconfig", "--context", "dead"];
    expect_refused(folder.path(), &arguments, "does not answer");
}

#[test]
fn a_feature_file_that_is_broken_is_named_with_its_line() {
    let folder = checkout("Feature: x\n  Scenario: y\n    Given z\n    Nonsense\n");
    // Where the parser gave up: behind the line that is wrong.
    expect_refused(folder.path(), &["list"], "only.feature: Error at 5:");
    let folder = checkout(
        "Feature: x\n  @core @ECO-MSH-003 @requires.nothing\n  Scenario: y\n    Given z\n",
    );
    expect_refused(folder.path(), &["list"], "only.feature:3: ");
}

#[test]
fn outside_a_checkout_and_with_tags_that_are_no_expression_nothing_is_listed() {
    let nowhere = tempfile::tempdir().expect("a folder");
    expect_refused(nowhere.path(), &["list"], "run it inside the checkout");
    let folder = checkout(GOOD);
    expect_refused(folder.path(), &["list", "--tags", "@core and"], "@core and");
    assert!(run(folder.path(), &["list"]).status.success(), "the twin of them all is answered");
}
