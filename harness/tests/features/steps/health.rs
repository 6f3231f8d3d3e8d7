//! Health, asked of each pod directly as Kubernetes does.

use conformance::check::each;
use conformance::check::pods::pod_answers;
use conformance::component::pods::{self, PodAnswer};
use conformance::verdict::Outcome;
use cucumber::then;

use super::asking::await_answer;
use crate::world::World;

#[then(expr = "every pod of {string} answers {int} on {string}")]
async fn answers(world: &mut World, service: String, status: u16, path: String) -> Outcome {
    let suite = world.suite();
    let every = |asked: &Vec<PodAnswer>| each(pod_answers(status))(asked);
    let (what, within) = (format!("{path} of every pod of {service}"), suite.timeouts().journey);
    await_answer(world, &what, within, || pods::ask_all(suite, &service, &path), every)
        .await
        .map(drop)
}
