//! Callers that the mesh does not know, and how its proxies refuse them.

use conformance::check::probe::alerted;
use conformance::component::handshakes::{Shown, shake_hands};
use conformance::component::places::{SERVICES, mesh_ca};
use conformance::component::pods;
use conformance::verdict::Outcome;
use conformance_probe::ConnectAnswer;
use cucumber::{then, when};

use super::asking::expect;
use super::mesh::Plain;
use crate::world::World;

/// What each pod said in the handshake.
struct Handshakes(Vec<(String, ConnectAnswer)>);

#[when("the probe opens TLS to every pod of the five services without a certificate")]
async fn without_certificate(world: &mut World) -> Outcome {
    with_all(world, Shown::Nothing).await
}

#[when(
    "the probe opens TLS to every pod of the five services with a certificate for order-service-sa that it signed itself"
)]
async fn with_forged_certificate(world: &mut World) -> Outcome {
    with_all(world, Shown::Forged).await
}

async fn with_all(world: &mut World, shown: Shown) -> Outcome {
    let cluster = world.suite().cluster().clone();
    let authority = mesh_ca(&cluster).await?;
    let mut handshakes = Vec::new();
    for service in SERVICES {
        for pod in pods::list_ready(&cluster, service).await? {
            let probe = &world.recall::<Plain>()?.0;
            let asked = shake_hands(probe, &authority, &pod, shown);
            let question = format!("TLS to {} at {} from {}", pod.name, pod.ip, probe.pod());
            let told = |answer: &ConnectAnswer| format!("{answer:?}");
            let answer = world.journal().asked("probe", question, asked, told).await?;
            handshakes.push((pod.name, answer));
        }
    }
    world.remember(Handshakes(handshakes));
    Ok(())
}

#[then(expr = "every pod proves its own identity and refuses with the alert {string}")]
fn are_refused(world: &mut World, alert: String) -> Outcome {
    let refused = alerted(alert);
    let mut handshakes = world.recall::<Handshakes>()?.0.iter();
    handshakes.try_for_each(|(pod, answer)| expect(world, pod, answer, &refused))
}
