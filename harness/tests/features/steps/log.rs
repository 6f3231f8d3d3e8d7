//! Log lines: found by the ids of a request, from the services it touched and no others.

use conformance::check::logs::{disjoint, from_services, same_lines, structured};
use conformance::check::{Checked, each, judge};
use conformance::component::loki::{LogLine, Loki};
use conformance::services::{Call, Ids, Session};
use conformance::verdict::Outcome;
use cucumber::{then, when};

use super::asking::{await_answer, client, expect, ids, said, send_as};
use super::list::Names;
use crate::world::World;

/// The lines that were found.
struct Lines(Vec<LogLine>);
/// The ids of two unrelated requests, and later the lines of each.
struct Two(Ids, Ids);
/// The lines of the two.
struct TwoLines(Vec<LogLine>, Vec<LogLine>);

#[then(expr = "Loki finds lines of the scenario's correlation id from {names}")]
async fn finds_lines(world: &mut World, services: Names) -> Outcome {
    let ids = ids(world);
    let lines = await_lines(world, &ids, from_services(&services.all())).await?;
    world.remember(Lines(lines));
    Ok(())
}

#[then("every line is structured and labelled")]
fn are_structured(world: &mut World) -> Outcome {
    let correlation = ids(world).correlation_id();
    expect(
        world,
        "every line",
        world.recall::<Lines>()?.0.as_slice(),
        each(structured(&correlation)),
    )
}

#[then("the search by field and the search by text find the same lines")]
async fn searches_agree(world: &mut World) -> Outcome {
    let (loki, ids) = (client::<Loki>(world).await?, ids(world));
    let correlation = ids.correlation_id();
    let both = || async {
        let by_field = loki.fetch_by_correlation(&correlation, ids.since()).await?;
        anyhow::Ok((by_field, loki.fetch_containing(&correlation, ids.since()).await?))
    };
    let agree = |(by_field, by_text): &(Vec<LogLine>, Vec<LogLine>)| same_lines(by_field, by_text);
    await_answer(world, "both searches to agree", world.suite().timeouts().log, both, agree)
        .await
        .map(drop)
}

#[when("the customer reads their profile in two unrelated requests")]
async fn two_requests(world: &mut World) -> Outcome {
    let call = Call::get("/api/users/me").as_user(world.recall::<Session>()?);
    let two = Two(Ids::unrelated(), Ids::unrelated());
    send_as(world, &call, &two.0).await?;
    send_as(world, &call, &two.1).await?;
    world.remember(two);
    Ok(())
}

#[then(expr = "Loki finds lines for each of the two, from {string} alone")]
async fn finds_each(world: &mut World, service: String) -> Outcome {
    let Two(first, second) = world.recall::<Two>()?;
    let of_first = await_lines(world, first, from_services(&[&service])).await?;
    let of_second = await_lines(world, second, from_services(&[&service])).await?;
    world.remember(TwoLines(of_first, of_second));
    Ok(())
}

#[then("no line belongs to both")]
fn no_shared_line(world: &mut World) -> Outcome {
    let TwoLines(first, second) = world.recall::<TwoLines>()?;
    said(world, "the lines of both", disjoint(first, second)).map(drop)
}

#[then("Loki finds lines of the scenario's correlation id and trace")]
async fn finds_joined(world: &mut World) -> Outcome {
    let ids = ids(world);
    let trace = ids.trace_id().to_owned();
    let traced = |lines: &[LogLine]| {
        let own = lines.iter().filter(|line| line.label("trace_id") == trace).count();
        judge(
            own > 0 && own == lines.len(),
            format!("lines of trace {trace} alone"),
            format!("{own} of {} lines", lines.len()),
        )
    };
    await_lines(world, &ids, traced).await.map(drop)
}

async fn await_lines(
    world: &World,
    ids: &Ids,
    judged: impl Fn(&[LogLine]) -> Checked,
) -> Outcome<Vec<LogLine>> {
    let (loki, correlation) = (client::<Loki>(world).await?, ids.correlation_id());
    let (what, within) =
        (format!("lines of correlation id {correlation}"), world.suite().timeouts().log);
    let judged = |lines: &Vec<LogLine>| judged(lines);
    await_answer(
        world,
        &what,
        within,
        || loki.fetch_by_correlation(&correlation, ids.since()),
        judged,
    )
    .await
}
