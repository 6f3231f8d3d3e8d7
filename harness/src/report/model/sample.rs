//! A report with a scenario of every verdict, for the tests of the report's forms.

use super::*;
use crate::verdict::Facts;

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

/// A report of these scenarios.
pub(crate) fn report_of(scenarios: Vec<ScenarioReport>) -> Report {
    let judged: Vec<_> = scenarios
        .iter()
        .map(|scenario| crate::verdict::Judged {
            verdict: scenario.verdict,
            level: scenario.level,
            declared_absent: false,
        })
        .collect();
    let conclusion = crate::verdict::conclude(&Facts {
        scenarios: &judged,
        breaches: &[],
        core_left_out: 0,
        ending: Ending::Complete,
        controls_unproven: 0,
    });
    let capabilities = vec![
        CapabilityRow {
            name: Capability::Istio,
            what: Capability::Istio.what().to_owned(),
            presence: Presence::Present {
                version: "1.31.1".into(),
                proof: "deployment istio-system/istiod: 1 of 1 ready".into(),
            },
            declared: Declared::Required,
        },
        CapabilityRow {
            name: Capability::Falco,
            what: Capability::Falco.what().to_owned(),
            presence: Presence::Absent { proof: "no daemon set called falco".into() },
            declared: Declared::Lacking,
        },
    ];
    let requirement = Requirement {
        id: "ECO-MSH-002".into(),
        title: "Plaintext is refused".into(),
        level: Level::Core,
        remediation: "look at the policy".into(),
    };
    let selection = Selection {
        tags: None,
        known: scenarios.len(),
        selected: scenarios.len(),
        core_left_out: 0,
    };
    Report {
        schema: SCHEMA.to_owned(),
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
        requirements: matrix(&[requirement], &scenarios),
        capabilities,
        scenarios,
        controls: vec![ControlReport {
            id: "mtls".into(),
            integration: Capability::Istio,
            title: "plain text is let in".into(),
            proven: true,
            phases: vec![PhaseReport {
                name: "red".into(),
                held: true,
                seen: "seen 503".into(),
                took_ms: 9,
            }],
            sabotaged: vec![scenario(1, Verdict::Failed)],
            took_ms: 9,
        }],
    }
}
