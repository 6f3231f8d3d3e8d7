//! A report with a scenario of every verdict, for the tests of the report's forms.

use super::*;
use crate::verdict::{Conclusion, Facts, Judged, conclude};

/// One scenario with two steps and a piece of evidence.
pub(crate) fn scenario(line: usize, verdict: Verdict) -> ScenarioReport {
    let failed = matches!(verdict, Verdict::Failed | Verdict::Error | Verdict::Inconclusive);
    let reason = (verdict != Verdict::Passed)
        .then(|| format!("expected <200> & \"ok\", seen 503 ({verdict})"));
    let evidence =
        Evidence::new("http", "GET /api/products").answer("503 <busy>").id("trace_id", "4bf92f35");
    ScenarioReport {
        address: Address { path: "mesh/mtls.feature".into(), line },
        feature: "Mutual TLS".into(),
        name: format!("Scenario <{verdict}> & more"),
        verdict,
        reason: reason.clone(),
        level: Level::Core,
        requirements: vec!["ECO-MSH-002".into()],
        tags: vec!["core".into(), "requires.istio".into()],
        started: Some(Utc::now()),
        took_ms: 1_234,
        ids: BTreeMap::from([("correlation_id".to_owned(), "0197".to_owned())]),
        steps: vec![
            StepReport {
                text: "Given a caller".into(),
                outcome: StepOutcome::Passed,
                reason: None,
                took_ms: 4,
                evidence: vec![evidence],
            },
            StepReport {
                text: "Then it is refused".into(),
                outcome: if failed { StepOutcome::Failed } else { StepOutcome::Passed },
                reason: reason.filter(|_| failed),
                took_ms: 9,
                evidence: Vec::new(),
            },
        ],
    }
}

/// A report with one scenario of every verdict.
pub(crate) fn report() -> Report {
    report_of(
        Verdict::ALL
            .into_iter()
            .enumerate()
            .map(|(index, verdict)| scenario(index + 1, verdict))
            .collect(),
    )
}

/// A report of a run in which a breach of the profile and an unproven control are all that went wrong.
pub(crate) fn broken() -> Report {
    let breach = "profile embedded declares falco absent, but it is there".to_owned();
    let controls = vec![control(true), control(false)];
    assembled(vec![scenario(1, Verdict::Passed)], &[breach], controls)
}

/// A report of these scenarios.
pub(crate) fn report_of(scenarios: Vec<ScenarioReport>) -> Report {
    assembled(scenarios, &[], vec![control(true)])
}

/// A negative control of two phases.
pub(crate) fn control(proven: bool) -> ControlReport {
    let phase = |name: &str, held: bool, seen: &str| PhaseReport {
        name: name.into(),
        held,
        seen: seen.into(),
        took_ms: 9,
    };
    ControlReport {
        id: if proven { "mtls" } else { "blind" }.into(),
        integration: Capability::Istio,
        title: "plain text is let in".into(),
        proven,
        phases: vec![phase("arm", true, "answered"), phase("red", proven, "seen <503>")],
        sabotaged: vec![scenario(1, Verdict::Failed)],
        took_ms: 18,
    }
}

fn assembled(
    scenarios: Vec<ScenarioReport>,
    breaches: &[String],
    controls: Vec<ControlReport>,
) -> Report {
    let conclusion = concluded(&scenarios, breaches, &controls);
    let (capabilities, known) = (capabilities(), scenarios.len());
    let selection = Selection { tags: None, known, selected: known, core_left_out: 0 };
    Report {
        schema: SCHEMA.to_owned(),
        mode: Mode::Run,
        run: RunId::parse("20261122-190512-4f3a").unwrap(),
        started: Utc::now(),
        took_ms: 65_432,
        cluster: ClusterFacts { context: "test".into(), version: "v1.36.3".into() },
        profile: "embedded".into(),
        not_shown: not_shown(&scenarios, &capabilities, &selection),
        selection,
        result: conclusion.result,
        exit_code: conclusion.exit,
        ending: Ending::Complete,
        reasons: conclusion.reasons,
        requirements: matrix(&[requirement()], &scenarios),
        capabilities,
        scenarios,
        controls,
    }
}

fn concluded(
    scenarios: &[ScenarioReport],
    breaches: &[String],
    controls: &[ControlReport],
) -> Conclusion {
    let judged = |scenario: &ScenarioReport| Judged {
        verdict: scenario.verdict,
        level: scenario.level,
        declared_absent: false,
    };
    conclude(&Facts {
        scenarios: &scenarios.iter().map(judged).collect::<Vec<_>>(),
        breaches,
        core_left_out: 0,
        ending: Ending::Complete,
        controls_unproven: controls.iter().filter(|control| !control.proven).count(),
        controls_left_out: 0,
    })
}

fn capabilities() -> Vec<CapabilityRow> {
    let row = |name: Capability, presence: Presence, declared: Declared| CapabilityRow {
        name,
        what: name.what().to_owned(),
        presence,
        declared,
    };
    let there = Presence::Present {
        version: "1.31.1".into(),
        proof: "deployment istio-system/istiod: 1 of 1 ready".into(),
    };
    let absent = Presence::Absent { proof: "no daemon set called falco".into() };
    vec![
        row(Capability::Istio, there, Declared::Required),
        row(Capability::Falco, absent, Declared::Lacking),
    ]
}

fn requirement() -> Requirement {
    Requirement {
        id: "ECO-MSH-002".into(),
        title: "Plaintext is refused".into(),
        level: Level::Core,
        remediation: "look at the policy".into(),
    }
}
