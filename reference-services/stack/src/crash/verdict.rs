//! Coming to rest, and the judges.

use std::time::Duration;

use anyhow::Context as _;
use ecotrack_invariants::{
    contract::Consumers,
    drain::{STANDSTILL, drain},
    history::History,
    journal::read,
    judge::Invariant,
    report::{Report as Judged, Verdict, table},
    source::{STEADY_WITHIN, Sources, kafka::KafkaSource, postgres},
};

use super::load::Load;
use crate::{name::Name, report::Report, stack::Stack};

/// What is judged here: there is no replica, and nobody collects traces.
const JUDGED: [Invariant; 8] = [
    Invariant::I1,
    Invariant::I2,
    Invariant::I3,
    Invariant::I4,
    Invariant::I5,
    Invariant::I6,
    Invariant::I7,
    Invariant::I8,
];

/// What the judges said, at length, for people.
pub(super) async fn judge(
    stack: &Stack,
    load: &Load,
    report: &mut Report,
) -> anyhow::Result<String> {
    stack.await_ready().await?;
    let sources = Sources {
        database: postgres::connect(&stack.postgres().admin_url("ecotrack"))?,
        kafka: KafkaSource { brokers: stack.kafka().plain(), login: None },
        ledger: stack.service(Name::ProviderSandbox)?.base().clone(),
        replica: None,
        traces: None,
        logs: Vec::new(),
        consumers: Consumers::registered()?,
        steady_within: STEADY_WITHIN,
    };
    report.noted("under way at the end", &under_way(&sources).await);
    let mut rest = drain(&sources, STANDSTILL).await;
    report.noted("at rest after", &format!("{:.1?}", Duration::from_millis(rest.waited_ms)));
    let journal = read(load.journal())?;
    let observed = sources
        .observe(&journal.operations, &mut rest)
        .await
        .context("cannot look at the world")?;
    let history = History::new(journal, observed, rest);
    history.write(&stack.folder().join("history.json"))?;
    let judged = Judged::of(&history, &JUDGED);
    for judgement in &judged.judgements {
        let (violations, examined) =
            (judgement.findings.violations.len(), judgement.findings.examined);
        report.judged(
            &format!("{} {}", judgement.invariant, judgement.title),
            "0 violations",
            &format!("{violations} of {examined}"),
            judgement.verdict == Verdict::Held,
        );
    }
    for why in &judged.why {
        report.judged(why, "", "", false);
    }
    Ok(table(&judged))
}

/// What the last fault left to be worked off, for whoever wonders how fast that is.
async fn under_way(sources: &Sources) -> String {
    match sources.unfinished().await {
        Ok(left) if left.is_empty() => "nothing".to_owned(),
        Ok(left) => left.join("; "),
        Err(error) => format!("{error:#}"),
    }
}
