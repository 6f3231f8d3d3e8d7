//! Money that was taken for a payment that was given up belongs back, whoever pays back beside us.

use anyhow::Result;
use serde_json::{Value, json};

use crate::helpers::{Customer, TestApp, id_of};
use crate::refunding::gone_back;
use crate::webhooks::{Delivery, captured, refunded, state};

const REFUSED: &str = r#"take_backs_refused_total{gateway="stripe"}"#;

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
    assert_eq!(app.anonymous().metric(REFUSED).await?.as_deref(), Some("0"));
    Ok(())
}

#[tokio::test]
async fn who_asks_again_how_a_payment_given_up_ended_hears_that_it_was_declined() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, payment) = given_up(&app).await?;
    tell_late(&app, &payment).await?;
    customer.await_status(id_of(&payment)?, "refunded").await?;
    // As if the process had died before it answered: the key has no answer.
    app.execute("UPDATE payment_service.idempotency_keys SET status = NULL, body = NULL, locked_until = now()").await?;
    let first = customer.pay_by_card().await?.expect_problem(402)?;
    let again = customer.pay_by_card().await?.expect_problem(402)?;
    assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
    Ok(())
}

#[tokio::test]
async fn what_an_operator_left_of_it_goes_back_too() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, payment) = given_up(&app).await?;
    let id = id_of(&payment)?;
    // The provider hangs when all of it is asked back; meanwhile a part goes back outside, and then all of it cannot any more.
    app.arm("stripe", &json!({"mode": "error", "ttl_seconds": 120, "match": "refund_id"})).await?;
    tell_late(&app, &payment).await?;
    customer.await_status(id, "refund_pending").await?;
    app.pay_back_outside(&payment, "700").await?;
    Delivery::new("stripe", &refunded(id, 700)).send(&app).await?.expect(200)?;
    app.disarm("stripe").await?;
    customer.await_status(id, "refunded").await?;
    assert_eq!(
        (gone_back(&app, id).await?, state(&customer, id).await?.1.as_str()),
        (1999, "19.99")
    );
    assert_eq!(app.anonymous().metric(REFUSED).await?.as_deref(), Some("0"));
    Ok(())
}

#[tokio::test]
async fn money_that_the_provider_does_not_take_back_is_counted_until_somebody_acts() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, payment) = given_up(&app).await?;
    let id = id_of(&payment)?;
    app.arm("stripe", &json!({"mode": "decline", "ttl_seconds": 120, "match": "refund_id"}))
        .await?;
    tell_late(&app, &payment).await?;
    customer.await_status(id, "processed").await?;
    assert_eq!(app.anonymous().metric(REFUSED).await?.as_deref(), Some("1"));
    app.disarm("stripe").await?;
    app.pay_back_outside(&payment, "700").await?;
    Delivery::new("stripe", &refunded(id, 700)).send(&app).await?.expect(200)?;
    customer.await_status(id, "refunded").await?;
    assert_eq!(gone_back(&app, id).await?, 1999);
    Ok(())
}
