//! One run: connect, look, gate, run, report.

use std::sync::{Arc, PoisonError};

use chrono::Utc;
use conformance::arguments::{Repository, RunArguments};
use conformance::capability;
use conformance::cluster::Cluster;
use conformance::control::{Control, Controls};
use conformance::eventually::within;
use conformance::plan::{Gated, Plan, Proof, Ran};
use conformance::report::terminal::{self, Style};
use conformance::report::{Folder, Report};
use conformance::run_id::RunId;
use conformance::suite::Suite;
use conformance::sweep::{self, Alive};
use conformance::timeouts::Timeouts;
use conformance::verdict::{Ending, Exit};

use crate::Stopped;
use crate::collector::{self, Finished};
use crate::execute::Executor;
use crate::prove::Prover;
use crate::steps;
use crate::world::World;

/// Everything before the first scenario can end the run; after it there is always a report.
pub(crate) async fn run(arguments: &RunArguments) -> Result<Exit, Stopped> {
    let repository = Repository::find().map_err(Stopped::usage)?;
    let plan = Plan::read(&repository.features(), arguments.tags.as_deref(), arguments.profile())
        .map_err(Stopped::usage)?;
    let controls = Controls::read(&repository.features()).map_err(Stopped::usage)?;
    let chosen = controls
        .select(arguments.control())
        .map_err(|unknown| Stopped::usage(anyhow::anyhow!(unknown)))?;
    let unmatched = steps::unmatched(&plan.catalogue().keep(|_| true));
    if !unmatched.is_empty() {
        return Err(Stopped::usage(anyhow::anyhow!("{}", unmatched.join("\n"))));
    }
    if arguments.dry_run {
        list(&plan);
        return Ok(Exit::Success);
    }
    let cluster = Cluster::connect(&arguments.context, &Timeouts::standard())
        .await
        .map_err(Stopped::usage)?
        .with_interfaces(plan.profile().interfaces().clone());
    let run = RunId::generate();
    let folder = Folder::of(repository.root());
    folder.prepare(run.as_str()).map_err(Stopped::usage)?;
    let alive = begin(&cluster, &run).await?;
    sweep_up(&cluster).await;
    let suite = Arc::new(Suite::new(run, cluster.clone(), capability::detect(&cluster).await));
    World::install(Arc::clone(&suite)).map_err(Stopped::harness)?;

    let report = match arguments.prove {
        None => scenarios(arguments, &plan, &suite).await,
        Some(_) => proofs(arguments, &plan, &suite, &chosen, controls.count() - chosen.len()).await,
    };
    Box::pin(clean_up(&suite, alive)).await;
    let path = folder.write(&report).map_err(Stopped::harness)?;
    let shown = path.strip_prefix(repository.root()).unwrap_or(&path).display().to_string();
    collector::write(&terminal::summary(&report, &shown, Style::detect()));
    Ok(report.exit_code)
}

/// Says that this run is alive; gives way to one that was there before.
async fn begin(cluster: &Cluster, run: &RunId) -> Result<Alive, Stopped> {
    let alive = Alive::begin(cluster, run).await.map_err(Stopped::harness)?;
    match sweep::alone(cluster, run).await {
        Ok(()) => Ok(alive),
        Err(error) => {
            give_back(alive).await;
            Err(Stopped::usage(error))
        }
    }
}

async fn give_back(alive: Alive) {
    if let Err(error) = alive.end().await {
        tracing::warn!("{error:#}");
    }
}

async fn scenarios(arguments: &RunArguments, plan: &Plan, suite: &Arc<Suite>) -> Report {
    let (started, style) = (Utc::now(), Style::detect());
    let gated = plan.gate(suite.capabilities());
    announce(plan, suite, &gated, style);
    let executor =
        Executor { catalogue: plan.catalogue().clone(), concurrency: arguments.concurrency, style };
    let finished = Finished::default();
    let ending = bounded(suite, executor.run(&gated.open, &finished)).await;
    let mut scenarios =
        std::mem::take(&mut *finished.lock().unwrap_or_else(PoisonError::into_inner));
    scenarios.extend(plan.unfinished(&gated.open, &scenarios));
    scenarios.extend(gated.closed);
    plan.report(suite, Ran { started, ending, scenarios, proof: None })
}

/// Proves the controls one after the other; the scenarios of the report are as they were last, healed.
async fn proofs(
    arguments: &RunArguments,
    plan: &Plan,
    suite: &Arc<Suite>,
    chosen: &[&Control],
    left_out: usize,
) -> Report {
    let (started, style) = (Utc::now(), Style::detect());
    let gated = plan.gate(suite.capabilities());
    let executor =
        Executor { catalogue: plan.catalogue().clone(), concurrency: arguments.concurrency, style };
    let mut prover = Prover::new(executor, Arc::clone(suite), gated.open);
    let mut controls = Vec::new();
    let ending = bounded(suite, async {
        prover.baseline(chosen).await;
        for control in chosen {
            controls.push(prover.prove(control).await);
        }
    })
    .await;
    let (scenarios, proof) = (prover.into_scenarios(), Some(Proof { controls, left_out }));
    plan.report(suite, Ran { started, ending, scenarios, proof })
}

/// Runs to the end, or until the time is over, or until somebody stops it.
async fn bounded(suite: &Suite, work: impl Future<Output = ()>) -> Ending {
    tokio::select! {
        () = work => Ending::Complete,
        _ = tokio::signal::ctrl_c() => Ending::Interrupted,
        () = terminated() => Ending::Interrupted,
        None = within(suite.timeouts().run, std::future::pending::<()>()) => Ending::TimedOut,
    }
}

/// A machine without signals is never terminated by one.
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut stream) => drop(stream.recv().await),
        Err(_unsupported) => std::future::pending().await,
    }
}

fn announce(plan: &Plan, suite: &Suite, gated: &Gated, style: Style) {
    let not_shown = plan.not_shown(&gated.closed, suite.capabilities());
    let (cluster, selected) = (suite.cluster(), gated.open.len() + gated.closed.len());
    collector::write(&terminal::head(
        &not_shown,
        cluster.context(),
        cluster.version(),
        plan.profile().name(),
        selected,
        style,
    ));
    gated.closed.iter().for_each(|report| collector::print(report, style));
}

/// What a killed run left would disturb this one; what cannot be taken away is said.
async fn sweep_up(cluster: &Cluster) {
    match sweep::sweep_dead(cluster, false).await {
        Ok(leftovers) if leftovers.is_empty() => {}
        Ok(leftovers) => tracing::warn!("took away {} leftovers of dead runs", leftovers.len()),
        Err(error) => tracing::warn!("sweeping up after dead runs: {error:#}"),
    }
}

/// What cannot be taken away now is left to `conformance sweep`, and said.
async fn clean_up(suite: &Suite, alive: Alive) {
    let own = sweep::sweep(suite.cluster(), |run| run == suite.run());
    match Box::pin(within(suite.timeouts().cleanup, own)).await {
        Some(Ok(_leftovers)) => {}
        Some(Err(error)) => tracing::warn!("run `conformance sweep` later: {error:#}"),
        None => tracing::warn!("cleaning up took too long: run `conformance sweep` later"),
    }
    give_back(alive).await;
}

fn list(plan: &Plan) {
    for entry in plan.selected() {
        collector::write(&format!(
            "{} {}\n",
            entry.name,
            Style::detect().faint(&format!("({})", entry.address))
        ));
    }
}
