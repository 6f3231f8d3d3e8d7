//! No answer is not a no: the payment stays open until the provider has said how it ended, and money moves once.

use anyhow::Result;
use serde_json::json;

use crate::helpers::{TestApp, id_of};

/// Charges that the provider really made.
async fn charges(app: &TestApp, order_id: uuid::Uuid) -> Result<usize> {
    let ledger = app.ledger(order_id).await?;
    Ok(ledger.iter().filter(|(_, outcome)| outcome == "accepted").count())
}

#[tokio::test]
async fn a_charge_whose_answer_is_lost_is_pending_then_processed_and_made_once() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("stripe", &json!({"mode": "reset", "ttl_seconds": 60})).await?;
    let payment = customer.pay_by_card().await?.expect(202)?.json();
    assert_eq!(payment["status"], "pending");
    app.disarm("stripe").await?;
    customer.await_status(id_of(&payment)?, "processed").await?;
    assert_eq!(charges(&app, customer.order_id).await?, 1);
    app.await_event("PaymentProcessedEvent", id_of(&payment)?).await?;
    Ok(())
}

#[tokio::test]
async fn a_charge_that_broke_at_the_provider_is_asked_for_again() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("stripe", &json!({"mode": "error", "ttl_seconds": 60})).await?;
    let payment = customer.pay_by_card().await?.expect(202)?.json();
    app.disarm("stripe").await?;
    customer.await_status(id_of(&payment)?, "processed").await?;
    assert_eq!(charges(&app, customer.order_id).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_charge_that_turns_out_declined_fails() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("stripe", &json!({"mode": "reset", "ttl_seconds": 60})).await?;
    let offer = customer.offer("credit_card", "tok_declined");
    let payment = customer.pay(&offer, "k").await?.expect(202)?.json();
    app.disarm("stripe").await?;
    customer.await_status(id_of(&payment)?, "failed").await?;
    app.await_event("PaymentFailedEvent", id_of(&payment)?).await?;
    assert_eq!(charges(&app, customer.order_id).await?, 0);
    Ok(())
}

#[tokio::test]
async fn once_settled_the_payment_token_is_forgotten() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    customer.pay_by_card().await?.expect(201)?;
    let mut conn = app.fixture.database.connect().await?;
    let kept: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM payment_service.payments WHERE payment_token IS NOT NULL",
    )
    .fetch_one(&mut conn)
    .await?;
    assert_eq!(kept, 0);
    Ok(())
}
