//! Log lines: found by the ids of a request, from the services it touched and no others.

use conformance::check::logs::{RequestIds, from_services, of_one_request, same_lines, structured};
use conformance::check::{Checked, each, http, judge};
use conformance::component::loki::{LogLine, Loki};
use conformance::services::{Call, Ids, Session};
use conformance::verdict::Outcome;
use cucumber::{then, when};

use super::asking::{await_settled, client, expect, ids, send_as};
use super::list::Names;
use crate::world::World;

/// The lines that were found.
struct Lines(Vec<LogLine>);
/// The ids of two unrelated requests.
struct Two(Ids, Ids);

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
    await_settled(world, "both searches to agree", world.suite().timeouts().log, both, agree)
        .await
        .map(drop)
}

#[when("the customer reads their profile in two unrelated requests at the same time")]
async fn two_requests(world: &mut World) -> Outcome {
    let call = Call::get("/api/users/me").as_user(world.recall::<Session>()?);
    let two = Two(Ids::unrelated(), Ids::unrelated());
    let both = tokio::join!(send_as(world, &call, &two.0), send_as(world, &call, &two.1));
    for answer in [both.0?, both.1?] {
        expect(world, "the profile", &answer, http::status(200))?;
    }
    world.remember(two);
    Ok(())
}

#[then(expr = "Loki finds lines for each of the two, from {string} alone")]
async fn finds_each(world: &mut World, service: String) -> Outcome {
    let Two(first, second) = world.recall::<Two>()?;
    await_lines(world, first, from_services(&[&service])).await?;
    await_lines(world, second, from_services(&[&service])).await.map(drop)
}

#[then("every line that names one of the two carries the ids of that one alone")]
async fn mixes_nothing(world: &mut World) -> Outcome {
    let Two(first, second) = world.recall::<Two>()?;
    let loki = client::<Loki>(world).await?;
    for (own, other) in [(first, second), (second, first)] {
        let judged = |lines: &Vec<LogLine>| {
            each(of_one_request(&request_ids(own), &request_ids(other)))(lines)
        };
        // By text, not by field: a line may name a request that is not its own. Not by the trace: the gateway's fetch of keys is part of it.
        let (correlation, within) = (own.correlation_id(), world.suite().timeouts().log);
        let naming = || loki.fetch_containing(&correlation, own.since());
        let what = format!("lines that name request {correlation}");
        await_settled(world, &what, within, naming, judged).await?;
    }
    Ok(())
}

fn request_ids(ids: &Ids) -> RequestIds {
    RequestIds { correlation: ids.correlation_id(), trace: ids.trace_id().to_owned() }
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
    await_settled(
        world,
        &what,
        within,
        || loki.fetch_by_correlation(&correlation, ids.since()),
        judged,
    )
    .await
}
