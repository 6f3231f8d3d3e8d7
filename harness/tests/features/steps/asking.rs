//! What every step does: send a request with the scenario's ids, ask until an answer satisfies, keep what was said.

use std::sync::Arc;
use std::time::Duration;

use conformance::check::{Checked, Matcher};
use conformance::eventually::{Observed, Unmet, WaitError, converge, eventually};
use conformance::evidence::Evidence;
use conformance::services::{Answer, Call, EcoTrack, Ids};
use conformance::suite::Component;
use conformance::verdict::Outcome;
use futures::FutureExt as _;
use futures::future::LocalBoxFuture;

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
    question: impl FnMut() -> F,
    matcher: impl Matcher<T>,
) -> Outcome<T>
where
    E: Into<anyhow::Error>,
    F: Future<Output = Result<T, E>>,
{
    told(world, what, eventually(what, within, look(question, &matcher))).await
}

/// As [`await_answer`], for what has to hold of everything, or of nothing more: the first good look may come before what would
/// spoil it, so the answer has to stay good.
pub(crate) async fn await_settled<T, E, F>(
    world: &World,
    what: &str,
    within: Duration,
    question: impl FnMut() -> F,
    matcher: impl Matcher<T>,
) -> Outcome<T>
where
    E: Into<anyhow::Error>,
    F: Future<Output = Result<T, E>>,
{
    let settled = world.suite().timeouts().settled;
    told(world, what, converge(what, within, settled, look(question, &matcher))).await
}

/// A question whose answer is judged at once. It may be a whole program run in a pod: boxed, it does not swell every step that waits for it.
fn look<'a, T: 'a, E: Into<anyhow::Error> + 'a, F: Future<Output = Result<T, E>> + 'a>(
    mut question: impl FnMut() -> F + 'a,
    matcher: &'a impl Matcher<T>,
) -> impl FnMut() -> LocalBoxFuture<'a, Observed<(T, String)>> + 'a {
    move || {
        let asked = question();
        let judged = async move {
            let answer = asked.await?;
            let sentence = matcher.check(&answer)?;
            Observed::Ok((answer, sentence))
        };
        judged.boxed_local()
    }
}

/// Waits, and keeps the sentence of the answer or why there is none.
async fn told<T>(
    world: &World,
    what: &str,
    waiting: impl Future<Output = Result<(T, String), WaitError>>,
) -> Outcome<T> {
    let sentence = |(_, sentence): &(T, String)| sentence.clone();
    Ok(world.journal().asked("eventually", what, waiting, sentence).await?.0)
}

/// A mismatch that may still turn into a match.
pub(crate) fn not_yet(seen: impl std::fmt::Display) -> Unmet {
    Unmet::not_yet(seen)
}
