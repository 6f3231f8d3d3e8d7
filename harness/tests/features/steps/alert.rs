//! Alerts: from a fault to the receiver that was told, and back.

use conformance::check::alerts::{in_state, paged, routed_to};
use conformance::check::judge;
use conformance::cluster::manifests;
use conformance::component::alertmanager::{Alertmanager, RoutedAlert};
use conformance::component::prometheus::{Alert, Prometheus};
use conformance::drill;
use conformance::fault::ServiceGone;
use conformance::services::{LedgerEntry, Sandbox};
use conformance::verdict::Outcome;
use cucumber::{given, then, when};

use super::asking::{await_answer, await_settled, client};
use crate::world::World;

/// The drill's name: its label, in every place where the alert turns up.
struct Drill(String);

#[given(expr = "a drill of the alert {string}")]
async fn drill(world: &mut World, alert: String) -> Outcome {
    let name = format!("drill-{}", world.identity().name());
    let rule = drill::rule(&alert, &name)?;
    manifests::apply(world.suite().cluster(), world.suite().run(), &[rule]).await?;
    let prometheus = client::<Prometheus>(world).await?;
    let loaded = |names: &Vec<String>| {
        judge(
            names.contains(&alert),
            format!("the rule {alert} of {name} loaded"),
            format!("{names:?}"),
        )
    };
    let question = || prometheus.fetch_rules_labelled(drill::LABEL, &name);
    await_answer(
        world,
        "Prometheus to load the drill",
        world.suite().timeouts().fault_armed,
        question,
        loaded,
    )
    .await?;
    world.remember(Drill(name));
    Ok(())
}

#[given(expr = "{string} has no pod")]
async fn has_no_pod(world: &mut World, service: String) -> Outcome {
    world.inject(ServiceGone::new(&service)).await
}

#[then(expr = "the alert of {string} becomes {word}")]
async fn becomes(world: &mut World, service: String, state: String) -> Outcome {
    let (prometheus, drill) =
        (client::<Prometheus>(world).await?, world.recall::<Drill>()?.0.clone());
    let judged = |alerts: &Vec<Alert>| in_state(&service, &state)(alerts);
    let question = || prometheus.fetch_alerts(drill::LABEL, &drill);
    await_answer(
        world,
        &format!("the alert {state}"),
        world.suite().timeouts().alert_pending,
        question,
        judged,
    )
    .await
    .map(drop)
}

#[then(expr = "Alertmanager routes the alert of {string} to {string} alone")]
async fn is_routed(world: &mut World, service: String, receiver: String) -> Outcome {
    let alertmanager = client::<Alertmanager>(world).await?;
    let drill = &world.recall::<Drill>()?.0;
    let judged = |alerts: &Vec<RoutedAlert>| routed_to(&service, &receiver)(alerts);
    let question = || alertmanager.fetch_alerts(drill::LABEL, drill);
    let within = world.suite().timeouts().alert_pending;
    await_settled(world, "the alert's route", within, question, judged).await.map(drop)
}

#[then(expr = "{string} receives the event {string} for {string}")]
async fn receives(world: &mut World, receiver: String, action: String, service: String) -> Outcome {
    let (sandbox, drill) = (client::<Sandbox>(world).await?, world.recall::<Drill>()?.0.clone());
    let told = |entries: &Vec<LedgerEntry>| paged(&action, &service)(entries);
    let within = world.suite().timeouts().alert_delivered;
    await_answer(
        world,
        &format!("{receiver} told to {action}"),
        within,
        || sandbox.fetch_received(&receiver, &drill),
        told,
    )
    .await
    .map(drop)
}

#[when("the service has its pods back")]
async fn has_pods_back(world: &mut World) -> Outcome {
    world.heal().await
}
