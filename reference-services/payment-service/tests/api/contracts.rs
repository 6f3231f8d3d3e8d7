//! What is agreed with others: our interface, what we expect of order-service, what others expect of our events.

use anyhow::{Context as _, Result};
use ecotrack_chassis::test_support::contract::{
    Expectation, Stub, Variables, addressed_to, assert_committed, expectation,
};
use ecotrack_events::Topic;
use serde_json::json;
use uuid::Uuid;

use crate::helpers::{Surroundings, TestApp, id_of};

#[tokio::test]
async fn the_interface_is_the_committed_one() -> Result<()> {
    let app = TestApp::start().await?;
    let document = app.anonymous().get("/openapi.json").await?.expect(200)?.json();
    let text = serde_json::to_string_pretty(&document)?;
    assert_committed("../contracts/openapi/payment-service.json", &text)
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
    let offer = json!({
        "order_id": order_id, "amount": "12.50", "currency": "EUR", "method": "credit_card",
        "payment_token": "tok_visa",
    });
    let request = client.request(reqwest::Method::POST, "/api/payments")?;
    let answer = client.send(request.header("idempotency-key", "k").json(&offer)).await?;
    assert_eq!(answer.expect(201)?.json()["amount"], "12.50");
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
    for addressed in addressed_to("payment-service")? {
        let Expectation::Event(event) = addressed.expectation else { continue };
        let key = if event.event_type == "PaymentFailedEvent" {
            failed.as_str()
        } else {
            id_of(&payment)?
        };
        let record = app.fixture.kafka.await_event(Topic::Payment, &event.event_type, key).await?;
        let whose = || format!("{} reads {}", addressed.consumer, addressed.name);
        event.verify(&record, &Variables::default()).with_context(whose)?;
    }
    Ok(())
}
