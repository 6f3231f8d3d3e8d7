//! Money goes back once, and only money that was taken.

use anyhow::Result;
use serde_json::json;

use crate::helpers::{TestApp, id_of};

#[tokio::test]
async fn a_refund_pays_back_once_and_is_told_to_the_world() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let payment = customer.pay_by_card().await?.expect(201)?.json();
    let id = id_of(&payment)?;
    for _ in 0..2 {
        assert_eq!(customer.refund(id).await?.expect(200)?.json()["status"], "refunded");
    }
    app.await_event("PaymentRefundedEvent", id).await?;
    let refunds = app.sandbox.client.get(&format!("/ledger?contains=refund-{id}")).await?.json();
    assert_eq!(refunds.as_array().map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test]
async fn a_failed_payment_has_nothing_to_refund() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    customer.pay(&customer.offer("credit_card", "tok_declined"), "k").await?.expect(402)?;
    customer.refund(&app.payment_of(customer.order_id).await?).await?.expect_problem(409)?;
    Ok(())
}

#[tokio::test]
async fn a_refund_without_an_answer_is_pending_until_the_provider_says() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let payment = customer.pay_by_card().await?.expect(201)?.json();
    let id = id_of(&payment)?;
    app.arm("stripe", &json!({"mode": "reset", "ttl_seconds": 60})).await?;
    assert_eq!(customer.refund(id).await?.expect(202)?.json()["status"], "refund_pending");
    app.disarm("stripe").await?;
    customer.await_status(id, "refunded").await
}
