//! Coming to rest, and the judges.

use std::time::Duration;

use anyhow::Context as _;
use ecotrack_invariants::{
    contract::{Consumers, DEAD_LETTERS},
    drain::{STANDSTILL, drain},
    history::History,
    journal::read,
    judge::Invariant,
    report::{Judgement, Report as Judged, Verdict, table},
    source::{STEADY_WITHIN, Sources, kafka::KafkaSource, postgres},
};

use super::{afterwards, load::Load};
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
    afterwards::buy(stack, report).await;
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
    played(&judged, report);
    // Nobody sent anything that cannot be handled.
    let parked = &history.observed.kafka.records;
    let parked = parked.iter().filter(|record| record.topic.ends_with(DEAD_LETTERS)).count();
    report.equal("parked records", &0, &parked);
    for judgement in &judged.judgements {
        invariant(judgement, report);
    }
    for why in &judged.why {
        report.judged(why, "", "", false);
    }
    Ok(table(&judged))
}

/// What customers did: without it nothing that was done could be lost.
fn played(judged: &Judged, report: &mut Report) {
    let done = |action: &str| {
        let outcomes = judged.operations.get(action);
        outcomes.and_then(|outcomes| outcomes.get("ok")).copied().unwrap_or_default()
    };
    for action in ["login", "place_order", "pay"] {
        let count = done(action);
        report.judged(&named(action), "at least 1", &count.to_string(), count > 0);
    }
    for action in ["cancel", "refund"] {
        report.noted(&named(action), &done(action).to_string());
    }
}

fn named(action: &str) -> String {
    format!("{action}: done")
}

/// What is not judged is not good, and shows no bug.
fn invariant(judgement: &Judgement, report: &mut Report) {
    let (violations, examined) = (judgement.findings.violations.len(), judgement.findings.examined);
    let is_held = judgement.verdict == Verdict::Held;
    let name = format!("{} {}", judgement.invariant, judgement.title);
    let name = if is_held || violations > 0 { name } else { format!("not judged: {name}") };
    report.judged(&name, "0 violations", &format!("{violations} of {examined}"), is_held);
}

/// What the last fault left to be worked off, for whoever wonders how fast that is.
async fn under_way(sources: &Sources) -> String {
    match sources.unfinished().await {
        Ok(left) if left.is_empty() => "nothing".to_owned(),
        Ok(left) => left.join("; "),
        Err(error) => format!("{error:#}"),
    }
}
