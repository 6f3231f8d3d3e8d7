//! What is in the pods: sidecars and identities.

use conformance::check::judge;
use conformance::component::places::SERVICES;
use conformance::component::pods::{self, PROXY, ServicePod};
use conformance::verdict::Outcome;
use cucumber::then;

use super::asking::said;
use crate::world::World;

#[then("every pod of the five services has a sidecar")]
async fn have_sidecars(world: &mut World) -> Outcome {
    let bare = |pod: &&ServicePod| !pod.containers.iter().any(|name| name == PROXY);
    all_but(world, "sidecars", "a sidecar in every pod of the five services", bare).await
}

#[then("every pod of the five services runs as its own service account")]
async fn have_identities(world: &mut World) -> Outcome {
    let foreign = |pod: &&ServicePod| pod.service_account != format!("{}-sa", pod.app);
    all_but(world, "identities", "every pod with its own service account", foreign).await
}

async fn all_but(
    world: &World,
    what: &str,
    expected: &str,
    wrong: impl Fn(&&ServicePod) -> bool,
) -> Outcome {
    let pods = pods::list(world.suite().cluster()).await?;
    let missing: Vec<&str> = SERVICES
        .into_iter()
        .filter(|service| !pods.iter().any(|pod| pod.app == *service))
        .collect();
    let wrong: Vec<&str> = pods.iter().filter(wrong).map(|pod| pod.name.as_str()).collect();
    let seen = format!("{} pods, wrong {wrong:?}, services without a pod {missing:?}", pods.len());
    said(world, what, judge(wrong.is_empty() && missing.is_empty(), expected, seen)).map(drop)
}
