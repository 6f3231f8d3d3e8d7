//! Notifications: what the customer finds, and what the provider was really told.

use conformance::check::judge;
use conformance::services::{Answer, Call, Customer, EcoTrack, LedgerEntry, Sandbox, Session};
use conformance::verdict::Outcome;
use cucumber::then;

use super::asking::{await_answer, client, ids};
use crate::world::World;

#[then(expr = "the customer finds a {string} notification that was delivered")]
async fn finds_delivered(world: &mut World, template: String) -> Outcome {
    let call = Call::get("/api/notifications").as_user(world.recall::<Session>()?);
    let (ecotrack, ids) = (client::<EcoTrack>(world).await?, ids(world));
    let delivered = |answer: &Answer| {
        let items = answer.json()["items"].as_array().cloned().unwrap_or_default();
        let found = items
            .iter()
            .any(|item| item["template"] == template.as_str() && item["status"] == "delivered");
        judge(found, format!("a delivered notification {template}"), answer)
    };
    let (what, within) =
        (format!("the notification {template} delivered"), world.suite().timeouts().journey);
    await_answer(world, &what, within, || ecotrack.send(&call, &ids), delivered).await.map(drop)
}

#[then(expr = "{string} received the customer's {string} message")]
async fn provider_received(world: &mut World, provider: String, template: String) -> Outcome {
    let email = world.recall::<Customer>()?.email.clone();
    let sandbox = client::<Sandbox>(world).await?;
    let received = |entries: &Vec<LedgerEntry>| {
        let found = entries
            .iter()
            .any(|entry| entry.outcome == "accepted" && entry.body.to_string().contains(&template));
        judge(
            found,
            format!("a {template} message to the customer"),
            format!("{} messages: {entries:?}", entries.len()),
        )
    };
    let (what, within) = (
        format!("{provider} to have received the {template} message"),
        world.suite().timeouts().ledger,
    );
    await_answer(world, &what, within, || sandbox.fetch_received(&provider, &email), received)
        .await
        .map(drop)
}
