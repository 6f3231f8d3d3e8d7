//! Crash points end the process as `kill -9` does, where they stand and nowhere else.
//!
//! The test runs itself again as a child that is armed. What the points leave behind in a service is looked at with real processes.

use std::{
    os::unix::process::ExitStatusExt as _,
    process::{Command, Output},
};

use anyhow::{Result, ensure};
const SIGKILL: i32 = 9;

/// Runs one test of this program alone in a process where `point` is armed.
fn run_armed(test: &str, point: &str) -> Result<Output> {
    Ok(Command::new(std::env::current_exe()?)
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("ECOTRACK_FAILPOINTS", point)
        .output()?)
}

fn expect_killed(output: &Output, point: &str) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.signal() == Some(SIGKILL), "{:?}: {said}", output.status);
    ensure!(said.contains(&format!("failpoint {point}")), "{said}");
    Ok(())
}

#[test]
#[ignore = "the child of the tests below"]
fn child_passes_a_point() {
    for _ in 0..3 {
        ecotrack_chassis::failpoint::hit("test.point");
    }
}

#[test]
fn an_armed_point_kills_and_one_that_is_not_lets_pass() -> Result<()> {
    let child = "crash::child_passes_a_point";
    expect_killed(&run_armed(child, "test.point:3")?, "test.point")?;
    for point in ["test.point:4", "other.point", ""] {
        ensure!(run_armed(child, point)?.status.success(), "{point}");
    }
    Ok(())
}
