//! Health, asked of each pod directly as Kubernetes does.

use conformance::check::judge;
use conformance::component::pods;
use conformance::verdict::Outcome;
use cucumber::then;

use super::asking::said;
use crate::world::World;

#[then(expr = "every pod of {string} answers {int} on {string}")]
async fn answers(world: &mut World, service: String, status: u16, path: String) -> Outcome {
    for pod in pods::list_ready(world.suite().cluster(), &service).await? {
        let answer = pods::ask(world.suite(), &pod.name, &path).await?;
        let what = format!("{path} of pod {}", pod.name);
        said(world, &what, judge(answer.status == status, format!("status {status}"), answer))?;
    }
    Ok(())
}
