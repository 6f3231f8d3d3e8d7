//! Runtime detection: an action of the scenario, and the alert that names it.

use conformance::check::judge;
use conformance::cluster::exec;
use conformance::component::loki::{LogLine, Loki};
use conformance::verdict::Outcome;
use cucumber::{then, when};

use super::asking::{await_answer, client, ids};
use super::mesh::Plain;
use crate::world::World;

#[when(expr = "the plain probe reads {string}")]
async fn reads(world: &mut World, path: String) -> Outcome {
    let pod = world.recall::<Plain>()?.0.pod().clone();
    let command = ["cat", path.as_str()];
    let reading = exec(world.suite().cluster(), &pod, &command, None);
    // Whether the file may be read does not matter: the attempt is what must be seen.
    world
        .journal()
        .asked("kubernetes", format!("cat {path} in pod {pod}"), reading, |executed| {
            format!("ended with {}", executed.code)
        })
        .await?;
    Ok(())
}

#[then(expr = "Falco's rule {string} names the plain probe")]
async fn names_probe(world: &mut World, rule: String) -> Outcome {
    let (loki, pod, since) = (
        client::<Loki>(world).await?,
        world.recall::<Plain>()?.0.pod().name.clone(),
        ids(world).since(),
    );
    let of_rule = |lines: &Vec<LogLine>| {
        judge(
            lines.iter().any(|line| line.line.contains(&rule)),
            format!("an alert of rule {rule} for {pod}"),
            format!("{lines:?}"),
        )
    };
    let within = world.suite().timeouts().log;
    await_answer(
        world,
        &format!("Falco's alert about {pod}"),
        within,
        || loki.fetch_of_falco(&pod, since),
        of_rule,
    )
    .await
    .map(drop)
}
