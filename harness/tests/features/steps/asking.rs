//! What every step does: send a request with the scenario's ids, ask until an answer satisfies, keep what was said.

use std::time::Duration;

use conformance::check::{Checked, Matcher};
use conformance::eventually::{Observed, Unmet, eventually};
use conformance::evidence::Evidence;
use conformance::services::{Answer, Call, EcoTrack, Ids};
use conformance::suite::Component;
use conformance::verdict::Outcome;
use std::sync::Arc;

use crate::world::World;

/// The ids that all requests of the scenario carry.
pub(crate) fn ids(world: &mut World) -> Ids {
    if let Ok(ids) = world.recall::<Ids>() {
        return ids.clone();
    }
    let ids = Ids::of(world.identity());
    world.remember(ids.clone());
    ids
}

/// The client of a component or service.
pub(crate) async fn client<C: Component>(world: &World) -> Outcome<Arc<C>> {
    Ok(world.suite().component::<C>().await?)
}

/// Sends a request to the public API with the scenario's ids.
pub(crate) async fn send(world: &mut World, call: &Call) -> Outcome<Answer> {
    let ids = ids(world);
    send_as(world, call, &ids).await
}

/// Sends a request with ids of its own.
pub(crate) async fn send_as(world: &World, call: &Call, ids: &Ids) -> Outcome<Answer> {
    let ecotrack = client::<EcoTrack>(world).await?;
    let question = format!("{call} ({}, trace {})", ids.correlation_id(), ids.trace_id());
    Ok(world
        .journal()
        .asked("http", question, ecotrack.send(call, ids), ToString::to_string)
        .await?)
}

/// Judges an answer that is there; the matcher's sentence is kept.
#[expect(clippy::needless_pass_by_value, reason = "a matcher is made where it is used")]
pub(crate) fn expect<T: ?Sized>(
    world: &World,
    what: &str,
    seen: &T,
    matcher: impl Matcher<T>,
) -> Outcome {
    said(world, what, matcher.check(seen)).map(drop)
}

/// Keeps what a matcher said; a mismatch ends the scenario.
pub(crate) fn said(world: &World, what: &str, checked: Checked) -> Outcome<String> {
    let told = checked.as_ref().map_or_else(ToString::to_string, Clone::clone);
    world.record(Evidence::new("check", what).answer(told));
    Ok(checked?)
}

/// Asks until the answer satisfies; the last sentence or the last mismatch is kept.
pub(crate) async fn await_answer<T, E, F>(
    world: &World,
    what: &str,
    within: Duration,
    mut question: impl FnMut() -> F,
    matcher: impl Matcher<T>,
) -> Outcome<T>
where
    E: Into<anyhow::Error>,
    F: Future<Output = Result<T, E>>,
{
    let matcher = &matcher;
    let judged = eventually(what, within, || {
        // A question may be a whole program run in a pod: boxed, it does not swell every step that waits for it.
        let asked = Box::pin(question());
        async move {
            let answer = asked.await?;
            let sentence = matcher.check(&answer)?;
            Observed::<_>::Ok((answer, sentence))
        }
    });
    let (answer, _sentence) =
        world.journal().asked("eventually", what, judged, |(_, sentence)| sentence.clone()).await?;
    Ok(answer)
}

/// A mismatch that may still turn into a match.
pub(crate) fn not_yet(seen: impl std::fmt::Display) -> Unmet {
    Unmet::not_yet(seen)
}
