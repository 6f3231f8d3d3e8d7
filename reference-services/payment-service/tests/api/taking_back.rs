//! Money that was taken for a payment that was given up belongs back.

use anyhow::Result;
use serde_json::Value;

use crate::helpers::{Customer, TestApp, id_of};
use crate::webhooks::{Delivery, captured, state};

/// A payment that was given up although its money was taken, as if the provider had not listed the charge for longer than we wait.
async fn given_up(app: &TestApp) -> Result<(Customer, Value)> {
    let customer = app.customer()?;
    let payment = customer.pay_by_card().await?.expect(201)?.json();
    app.execute("UPDATE payment_service.payments SET status = 'failed', failure_reason = 'expired', provider_reference = NULL").await?;
    Ok((customer, payment))
}

/// The provider tells at last that it took the money.
async fn tell_late(app: &TestApp, payment: &Value) -> Result<()> {
    let mut told = captured(id_of(payment)?);
    told["data"]["object"]["id"] = payment["provider_reference"].clone();
    Delivery::new("stripe", &told).send(app).await?.expect(200).map(drop)
}

#[tokio::test]
async fn money_that_was_taken_after_its_payment_was_given_up_goes_back() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, payment) = given_up(&app).await?;
    let id = id_of(&payment)?;
    for _ in 0..2 {
        tell_late(&app, &payment).await?;
    }
    customer.await_status(id, "refunded").await?;
    assert_eq!(state(&customer, id).await?.1, "19.99");
    assert_eq!(app.webhooks("stripe", "late").await?, 1);
    assert_eq!(app.await_event("PaymentRefundedEvent", id).await?["amount"]["amount_minor"], 1999);
    let told = app.events_of(id).await?;
    assert_eq!(told, ["PaymentInitiatedEvent", "PaymentProcessedEvent", "PaymentRefundedEvent"]);
    Ok(())
}
