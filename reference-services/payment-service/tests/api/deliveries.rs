//! The sandbox's own webhooks, as they really arrive: twice, late, in the wrong order.

use anyhow::{Result, ensure};
use ecotrack_chassis::test_support::eventually;
use serde_json::json;

use crate::helpers::{TestApp, id_of};

#[tokio::test]
async fn a_charge_whose_answer_never_comes_is_settled_by_its_webhook() -> Result<()> {
    let app = TestApp::start_told().await?;
    for method in ["credit_card", "paypal"] {
        let customer = app.customer()?;
        let provider = if method == "paypal" { "paypal" } else { "stripe" };
        app.arm(provider, &json!({"mode": "reset", "ttl_seconds": 120})).await?;
        let offer = customer.offer(method, "tok_1");
        // Paid if the webhook is faster than the last attempt to get an answer.
        let answer = customer.pay(&offer, "k").await?;
        assert!(matches!(answer.status.as_u16(), 201 | 202), "{}", answer.text);
        customer.await_status(id_of(&answer.json())?, "processed").await?;
        assert_eq!(app.webhooks(provider, "applied").await?, 1);
        assert_eq!(app.charges(customer.order_id).await?, 1);
    }
    Ok(())
}

#[tokio::test]
async fn duplicated_webhooks_have_one_effect() -> Result<()> {
    let app = TestApp::start_told().await?;
    let customer = app.customer()?;
    app.arm("stripe", &json!({"mode": "webhook_duplicate", "ttl_seconds": 60})).await?;
    let payment = customer.pay_by_card().await?.expect(201)?.json();
    let id = id_of(&payment)?;
    eventually(|| async {
        let duplicates = app.webhooks("stripe", "duplicate").await?;
        ensure!(duplicates == 4, "{duplicates} duplicates");
        Ok(())
    })
    .await?;
    assert_eq!(app.events_of(id).await?, ["PaymentInitiatedEvent", "PaymentProcessedEvent"]);
    Ok(())
}

#[tokio::test]
async fn webhooks_out_of_order_leave_the_payment_as_it_is() -> Result<()> {
    let app = TestApp::start_told().await?;
    let customer = app.customer()?;
    let fault = json!({"mode": "webhook_out_of_order", "ttl_seconds": 60, "delay_ms": 3_000});
    app.arm("stripe", &fault).await?;
    let payment = customer.pay_by_card().await?.expect(201)?.json();
    let id = id_of(&payment)?;
    for key in ["a", "b"] {
        let part = json!({"amount": "5.00", "currency": "USD"});
        customer.refund_part(id, &part, key).await?.expect(200)?;
    }
    eventually(|| async {
        let known = app.webhooks("stripe", "known").await?;
        ensure!(known == 3, "{known} of 3 webhooks");
        Ok(())
    })
    .await?;
    let payment = customer.client.get(&format!("/api/payments/{id}")).await?.json();
    assert_eq!(payment["status"], "partially_refunded");
    assert_eq!(payment["refunded_amount"], "10.00");
    Ok(())
}
