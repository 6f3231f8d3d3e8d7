//! An order follows its payment, once per event.

use anyhow::{Result, bail};
use chrono::Utc;
use ecotrack_events::payment::{PaymentFailed, PaymentProcessed, PaymentRefunded};
use ecotrack_events::{Currency, Envelope, Event, Money};
use uuid::Uuid;

use crate::helpers::{Customer, TestApp};

fn processed(customer: &Customer, order_id: &str) -> Result<PaymentProcessed> {
    Ok(PaymentProcessed {
        payment_id: Uuid::now_v7(),
        order_id: order_id.parse()?,
        user_id: customer.user_id,
        amount: Money::from_minor(500, Currency::Eur),
        gateway: "stripe".to_owned(),
        method: "card".to_owned(),
        provider_reference: "pi_1".to_owned(),
        processed_at: Utc::now(),
    })
}

fn refunded(payment: PaymentProcessed) -> PaymentRefunded {
    PaymentRefunded {
        payment_id: payment.payment_id,
        order_id: payment.order_id,
        user_id: payment.user_id,
        amount: payment.amount,
        gateway: payment.gateway,
        method: payment.method,
        provider_reference: payment.provider_reference,
        refunded_at: Utc::now(),
    }
}

async fn order_with_open_payment(app: &TestApp) -> Result<(Customer, String)> {
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let order_id = customer.placed(product).await?;
    customer.open_payment(&order_id).await?.expect(200)?;
    Ok((customer, order_id))
}

#[tokio::test]
async fn a_paid_order_is_complete_and_a_refund_shows() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, order_id) = order_with_open_payment(&app).await?;
    let payment = processed(&customer, &order_id)?;
    app.publish(payment.clone()).await?;
    customer.await_status(&order_id, "completed").await?;
    let event = app.await_event("OrderPaymentProcessedEvent", &order_id).await?;
    assert_eq!(event["payment_id"], payment.payment_id.to_string());
    app.await_event("OrderCompletedEvent", &order_id).await?;
    app.publish(refunded(payment)).await?;
    customer.await_status(&order_id, "refunded").await
}

#[tokio::test]
async fn a_failed_payment_cancels_the_order() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, order_id) = order_with_open_payment(&app).await?;
    let payment = processed(&customer, &order_id)?;
    app.publish(PaymentFailed {
        payment_id: payment.payment_id,
        order_id: payment.order_id,
        user_id: payment.user_id,
        amount: payment.amount,
        gateway: payment.gateway,
        method: payment.method,
        reason: "generic_decline".to_owned(),
        failed_at: Utc::now(),
    })
    .await?;
    customer.await_status(&order_id, "cancelled").await?;
    assert_eq!(
        app.await_event("OrderCancelledEvent", &order_id).await?["reason"],
        "payment_failed"
    );
    Ok(())
}

#[tokio::test]
async fn the_same_event_delivered_again_changes_nothing() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, order_id) = order_with_open_payment(&app).await?;
    let envelope = Envelope::new("payment-service", processed(&customer, &order_id)?);
    app.publish_envelope(&envelope).await?;
    app.publish_envelope(&envelope).await?;
    // The refund has the same key, so it comes after both deliveries.
    let Event::PaymentProcessed(payment) = envelope.event else { bail!("another event") };
    app.publish(refunded(payment)).await?;
    customer.await_status(&order_id, "refunded").await?;
    let mut conn = app.fixture.database.connect().await?;
    let completions: i64 =
        sqlx::query_scalar("SELECT count(*) FROM order_service.order_history WHERE order_id = $1 AND status = 'completed'")
            .bind(order_id.parse::<Uuid>()?)
            .fetch_one(&mut conn)
            .await?;
    assert_eq!(completions, 1);
    Ok(())
}

#[tokio::test]
async fn an_event_about_no_order_of_ours_is_parked_with_its_reason() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let stray = processed(&customer, &Uuid::now_v7().to_string())?;
    app.publish(stray.clone()).await?;
    let parked = app
        .fixture
        .kafka
        .await_record("payment-events.dlt", |record| record.key == stray.payment_id.to_string())
        .await?;
    assert!(
        parked.headers["x-dead-letter-reason"].contains("there is no order"),
        "{:?}",
        parked.headers
    );
    Ok(())
}
