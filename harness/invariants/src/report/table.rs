//! The report as lines for people.

use std::fmt::{self, Write as _};

use super::{Judgement, Report, Verdict};

/// Findings of a kind that are shown in full; the rest is in the JSON report.
const SHOWN: usize = 10;

/// The report as text.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    write_table(report, &mut text).ok();
    text
}

fn write_table(report: &Report, text: &mut String) -> fmt::Result {
    for (action, outcomes) in &report.operations {
        let of = |outcome: &str| outcomes.get(outcome).copied().unwrap_or_default();
        writeln!(
            text,
            "{action:<12} {:>7} ok {:>6} fail {:>6} unknown",
            of("ok"),
            of("fail"),
            of("unknown")
        )?;
    }
    if report.torn_lines > 0 {
        writeln!(text, "torn lines   {:>7}", report.torn_lines)?;
    }
    writeln!(text, "at rest after {:.1} s\n", seconds(report.rest.waited_ms))?;
    for judgement in &report.judgements {
        write_line(judgement, text)?;
    }
    for judgement in &report.judgements {
        write_details(judgement, text)?;
    }
    for why in &report.why {
        writeln!(text, "\n{why}")?;
    }
    writeln!(text, "\n{}", word(report.verdict))
}

fn write_line(judgement: &Judgement, text: &mut String) -> fmt::Result {
    let findings = &judgement.findings;
    let bound = judgement
        .bound()
        .map(|bound| format!("  (rate below {:.2} %, 95 %)", bound * 100.0))
        .unwrap_or_default();
    writeln!(
        text,
        "{:<4} {:<10} {:>5} of {:<7} {}{bound}",
        judgement.invariant,
        word(judgement.verdict),
        findings.violations.len(),
        findings.examined,
        judgement.title,
    )
}

fn write_details(judgement: &Judgement, text: &mut String) -> fmt::Result {
    let (invariant, findings) = (judgement.invariant, &judgement.findings);
    for violation in findings.violations.iter().take(SHOWN) {
        writeln!(text, "\n{invariant} {}", violation.ids.join(" "))?;
        writeln!(
            text,
            "  expected {}\n  seen     {}\n  culprit  {}",
            violation.expected, violation.seen, violation.culprit
        )?;
    }
    write_rest(invariant, "violations", findings.violations.len(), text)?;
    if !findings.anomalies.is_empty() {
        writeln!(text, "\n{invariant} allowed, but odd: {}", findings.anomalies.len())?;
    }
    for anomaly in findings.anomalies.iter().take(SHOWN) {
        writeln!(text, "  {}: {}", anomaly.ids.join(" "), anomaly.seen)?;
    }
    if judgement.verdict == Verdict::NotJudged && findings.examined == 0 {
        writeln!(text, "\n{invariant} not judged: there was no case of it")?;
    }
    for reason in findings.not_judged.iter().take(SHOWN) {
        writeln!(text, "\n{invariant} not judged: {reason}")?;
    }
    write_rest(invariant, "reasons", findings.not_judged.len(), text)
}

fn write_rest(
    invariant: impl fmt::Display,
    what: &str,
    count: usize,
    text: &mut String,
) -> fmt::Result {
    if count > SHOWN {
        writeln!(text, "{invariant} … and {} more {what}", count - SHOWN)
    } else {
        Ok(())
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Held => "held",
        Verdict::Violated => "VIOLATED",
        Verdict::NotJudged => "not judged",
    }
}

fn seconds(milliseconds: u64) -> f64 {
    std::time::Duration::from_millis(milliseconds).as_secs_f64()
}
