//! What is agreed with others: our interface, what we expect of order-service, what others expect of our events.

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::test_support::contract::{
    Expectation, Stub, Variables, addressed_to, assert_committed, expectation,
};
use ecotrack_events::Topic;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{Surroundings, TestApp, id_of};

#[tokio::test]
async fn the_interface_is_the_committed_one() -> Result<()> {
    let app = TestApp::start().await?;
    let document = app.anonymous().get("/openapi.json").await?.expect(200)?.json();
    let text = serde_json::to_string_pretty(&document)?;
    assert_committed("../contracts/openapi/payment-service.json", &text)
}

/// A card's offer for an order.
fn offer(order_id: Uuid, amount: &Value) -> Value {
    json!({
        "order_id": order_id, "amount": amount, "currency": "EUR", "method": "credit_card",
        "payment_token": "tok_visa",
    })
}

#[tokio::test]
async fn a_payment_needs_of_order_service_what_was_agreed() -> Result<()> {
    let surroundings = Surroundings::start().await?;
    let (user_id, order_id) = (Uuid::now_v7(), Uuid::now_v7());
    let token = surroundings.issuer.token(user_id, &["customer"])?;
    let variables = Variables::new([
        ("token", token.clone()),
        ("order_id", order_id.to_string()),
        ("user_id", user_id.to_string()),
    ]);
    let agreed = expectation("payment-service", "order-service", "open-payment")?.http()?;
    let orders = Stub::start(vec![agreed], variables).await?;
    let (_fixture, service) = surroundings.serve(orders.url.as_str(), &[]).await?;
    let client = service.client.with_token(&token);
    let offer = offer(order_id, &json!("12.50"));
    let answer = client.post_with_key("/api/payments", &offer, "k").await?;
    assert_eq!(answer.expect(201)?.json()["amount"], "12.50");
    orders.verify()
}

/// What order-service answers when it lets no payment in.
const REFUSALS: [&str; 4] = [
    "open-payment-of-no-order",
    "open-payment-of-a-closed-order",
    "open-payment-beside-another",
    "open-payment-of-another-amount",
];

#[tokio::test]
async fn a_payment_that_is_refused_as_agreed_was_not_opened() -> Result<()> {
    let surroundings = Surroundings::start().await?;
    let token = surroundings.issuer.token(Uuid::now_v7(), &["customer"])?;
    let (mut order_ids, mut agreed) = (Vec::new(), Vec::new());
    for name in REFUSALS {
        let order_id = Uuid::now_v7();
        let mut refusal = expectation("payment-service", "order-service", name)?.http()?;
        // Each about an order of its own, so that one stand-in can answer all.
        refusal.request.path = refusal.request.path.replace("${order_id}", &order_id.to_string());
        order_ids.push(order_id);
        agreed.push(refusal);
    }
    let variables = Variables::new([("token", token.clone())]);
    let orders = Stub::start(agreed.clone(), variables).await?;
    let (fixture, service) = surroundings.serve(orders.url.as_str(), &[]).await?;
    let client = service.client.with_token(&token);
    for (order_id, refusal) in order_ids.into_iter().zip(agreed) {
        let offer = offer(order_id, &refusal.request.body["amount"]);
        let answer = client.post_with_key("/api/payments", &offer, "k").await?;
        answer.expect_problem(refusal.response.status)?;
    }
    let mut conn = fixture.database.connect().await?;
    let intents = "SELECT count(*) FROM payment_service.payment_intents";
    let left: i64 = sqlx::query_scalar(intents).fetch_one(&mut conn).await?;
    assert_eq!(left, 0);
    orders.verify()
}

#[tokio::test]
async fn others_find_in_our_events_what_they_read() -> Result<()> {
    let app = TestApp::start().await?;
    let (paid, refused) = (app.customer()?, app.customer()?);
    let payment = paid.pay_by_card().await?.expect(201)?.json();
    paid.refund(id_of(&payment)?).await?.expect(200)?;
    refused.pay(&refused.offer("credit_card", "tok_declined"), "k").await?.expect(402)?;
    let failed = app.payment_of(refused.order_id).await?;
    let mut verified = 0;
    for addressed in addressed_to("payment-service")? {
        let Expectation::Event(event) = addressed.expectation else { continue };
        verified += 1;
        let key = if event.event_type == "PaymentFailedEvent" {
            failed.as_str()
        } else {
            id_of(&payment)?
        };
        let record = app.fixture.kafka.await_event(Topic::Payment, &event.event_type, key).await?;
        let whose = || format!("{} reads {}", addressed.consumer, addressed.name);
        event.verify(&record, &Variables::default()).with_context(whose)?;
    }
    ensure!(verified > 0, "nobody expects any event");
    Ok(())
}
