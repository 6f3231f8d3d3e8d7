//! The report as lines for people and for logs.

use std::fmt::Write as _;
use std::io::IsTerminal;
use std::time::Duration;

use super::model::{ControlReport, Mode, Report, ScenarioReport, StepOutcome};
use crate::verdict::{RunResult, Verdict};

/// Whether to colour: only on a terminal, and never against `NO_COLOR`.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// As standard output and the environment want it.
    #[must_use]
    pub fn detect() -> Self {
        Self { colour: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() }
    }

    /// Without colour.
    #[must_use]
    pub fn plain() -> Self {
        Self { colour: false }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn verdict(self, verdict: Verdict, text: &str) -> String {
        let code = match verdict {
            Verdict::Passed => "32",
            Verdict::Failed | Verdict::Error => "31",
            Verdict::Inconclusive => "33",
            Verdict::NotSupported | Verdict::NotApplicable | Verdict::Skipped => "36",
        };
        self.paint(code, text)
    }

    /// Bold.
    #[must_use]
    pub fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// Faint.
    #[must_use]
    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }
}

/// One line for a finished scenario.
#[must_use]
pub fn line(scenario: &ScenarioReport, style: Style) -> String {
    let verdict = style.verdict(scenario.verdict, &format!("{:<14}", scenario.verdict.name()));
    let took = if scenario.started.is_some() {
        format!("{:>8}", seconds(scenario.took_ms))
    } else {
        format!("{:>8}", "-")
    };
    format!(
        "{verdict} {took}  {} {}",
        scenario.name,
        style.faint(&format!("({})", scenario.address))
    )
}

/// What follows the line of a scenario that did not pass: step, sentence, ids.
#[must_use]
pub fn details(scenario: &ScenarioReport, style: Style) -> String {
    let mut text = String::new();
    let stopped = scenario
        .steps
        .iter()
        .find(|step| matches!(step.outcome, StepOutcome::Failed | StepOutcome::Undefined));
    if let Some(step) = stopped {
        let _ = writeln!(text, "    at  {}", step.text);
    }
    if let Some(reason) = &scenario.reason {
        let _ = writeln!(text, "    {}", style.strong(&reason.replace('\n', "\n    ")));
    }
    if stopped.is_some() && !scenario.ids.is_empty() {
        let ids: Vec<String> =
            scenario.ids.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let _ = writeln!(text, "    {}", style.faint(&ids.join(", ")));
    }
    text
}

/// The lines before the first scenario: what runs where. What is known not to be shown comes first of all.
#[must_use]
pub fn head(
    not_shown: &str,
    context: &str,
    version: &str,
    profile: &str,
    selected: usize,
    style: Style,
) -> String {
    let mut text = String::new();
    if !not_shown.is_empty() {
        let _ = writeln!(text, "{not_shown}");
    }
    let _ = writeln!(
        text,
        "{}",
        style.faint(&format!(
            "context {context}, Kubernetes {version}, profile {profile}, {selected} scenarios"
        ))
    );
    text
}

/// The lines after the last scenario; the very last one is the plain count.
#[must_use]
pub fn summary(report: &Report, path: &str, style: Style) -> String {
    let mut text = String::from("\n");
    let result = match report.result {
        RunResult::Success => style.verdict(Verdict::Passed, "success"),
        RunResult::Partial => style.verdict(Verdict::Inconclusive, "partial"),
        RunResult::Failure => style.verdict(Verdict::Failed, "failure"),
    };
    let took = humantime::format_duration(Duration::from_secs(report.took_ms / 1_000));
    let of = match report.mode {
        Mode::Run => "",
        Mode::Prove => " of the negative controls",
    };
    let _ = writeln!(
        text,
        "{} {result}{of} for profile {} in {took}",
        style.strong("Result:"),
        report.profile
    );
    for reason in &report.reasons {
        let _ = writeln!(text, "  {reason}");
    }
    for control in &report.controls {
        text.push_str(&control_lines(control, style));
    }
    let _ = writeln!(text, "Report: {path}");
    let (passed, failed, skipped) = report.totals();
    let _ = writeln!(text, "{passed} passed, {failed} failed, {skipped} skipped");
    text
}

fn control_lines(control: &ControlReport, style: Style) -> String {
    let verdict = if control.proven {
        style.verdict(Verdict::Passed, "proven    ")
    } else {
        style.verdict(Verdict::Failed, "not proven")
    };
    let mut text =
        format!("{verdict} {:>8}  {}: {}\n", seconds(control.took_ms), control.id, control.title);
    for phase in control.phases.iter().filter(|phase| !phase.held) {
        let _ = writeln!(text, "    {}: {}", phase.name, style.strong(&phase.seen));
    }
    text
}

/// Milliseconds as seconds with one decimal.
#[must_use]
pub fn seconds(millis: u64) -> String {
    format!("{}.{} s", millis / 1_000, millis % 1_000 / 100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::model::sample::{report, scenario};

    #[test]
    fn the_last_line_is_the_plain_count() {
        let text = summary(&report(), "target/conformance/latest/report.html", Style::plain());
        assert_eq!(text.lines().last(), Some("1 passed, 3 failed, 3 skipped"));
    }

    #[test]
    fn a_run_of_controls_names_its_result_as_theirs() {
        let text = summary(&Report { mode: Mode::Prove, ..report() }, "x", Style::plain());
        assert!(text.contains("failure of the negative controls for profile embedded"), "{text}");
    }

    #[test]
    fn verdicts_and_times_are_aligned() {
        let columns: Vec<usize> = Verdict::ALL
            .iter()
            .map(|verdict| line(&scenario(1, *verdict), Style::plain()).find("Scenario").unwrap())
            .collect();
        assert!(columns.windows(2).all(|pair| pair[0] == pair[1]), "{columns:?}");
    }

    #[test]
    fn a_failure_names_the_step_the_sentence_and_the_ids() {
        let text = details(&scenario(1, Verdict::Failed), Style::plain());
        assert!(text.contains("at  Then it is refused"), "{text}");
        assert!(text.contains("expected <200>"), "{text}");
        assert!(text.contains("correlation_id 0197"), "{text}");
    }
}
