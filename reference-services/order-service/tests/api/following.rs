//! An order follows its payment, once per event.

use anyhow::{Result, bail, ensure};
use chrono::Utc;
use ecotrack_chassis::test_support::eventually;
use ecotrack_events::payment::{PaymentFailed, PaymentProcessed, PaymentRefunded};
use ecotrack_events::{Currency, Envelope, Event, Money};
use uuid::Uuid;

use crate::helpers::{Customer, TestApp};

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
        refunded_total: Some(payment.amount),
        refund_id: Some(Uuid::now_v7()),
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
    let payment = customer.processed(&order_id)?;
    app.publish(payment.clone()).await?;
    customer.await_status(&order_id, "completed").await?;
    let event = app.await_event("OrderPaymentProcessedEvent", &order_id).await?;
    assert_eq!(event["payment_id"], payment.payment_id.to_string());
    app.await_event("OrderCompletedEvent", &order_id).await?;
    app.publish(refunded(payment)).await?;
    customer.await_status(&order_id, "refunded").await?;
    let reached = r#"orders_total{order_status="refunded",payment_method="card"}"#;
    eventually(|| async {
        let counted = app.anonymous().metric(reached).await?;
        ensure!(counted.as_deref() == Some("1"), "{counted:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_failed_payment_cancels_the_order() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, order_id) = order_with_open_payment(&app).await?;
    let payment = customer.processed(&order_id)?;
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
    let envelope = Envelope::new("payment-service", customer.processed(&order_id)?);
    app.fixture.kafka.publish_envelope(&envelope).await?;
    app.fixture.kafka.publish_envelope(&envelope).await?;
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
async fn news_out_of_order_and_twice_under_other_ids_ends_as_in_order() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, order_id) = order_with_open_payment(&app).await?;
    let payment = customer.processed(&order_id)?;
    app.publish(refunded(payment.clone())).await?;
    app.publish(payment.clone()).await?;
    app.publish(refunded(payment.clone())).await?;
    app.publish(payment).await?;
    app.await_claimed(4).await?;
    customer.await_status(&order_id, "refunded").await?;
    let steps: Vec<_> =
        customer.history(&order_id).await?.into_iter().map(|(status, ..)| status).collect();
    assert_eq!(steps, ["created", "payment_pending", "paid", "completed", "refunded"]);
    Ok(())
}

#[tokio::test]
async fn a_customer_who_gets_a_part_back_keeps_a_completed_order() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, order_id) = order_with_open_payment(&app).await?;
    let payment = customer.processed(&order_id)?;
    app.publish(payment.clone()).await?;
    let euros = |minor| Money::from_minor(minor, Currency::Eur);
    let back = |amount, total| PaymentRefunded {
        amount: euros(amount),
        refunded_total: Some(euros(total)),
        ..refunded(payment.clone())
    };
    app.publish(back(499, 499)).await?;
    app.await_claimed(2).await?;
    assert_eq!(customer.status(&order_id).await?, "completed");
    app.publish(back(1, 500)).await?;
    customer.await_status(&order_id, "refunded").await?;
    let history = customer.history(&order_id).await?;
    assert_eq!(history.iter().filter(|(status, ..)| status == "refunded").count(), 1);
    Ok(())
}

#[tokio::test]
async fn an_event_that_cannot_be_true_is_parked_and_changes_nothing() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let order_id = customer.placed(product).await?;
    customer.cancel(&order_id).await?.expect(200)?;
    let stray = customer.processed(&order_id)?;
    app.publish(stray.clone()).await?;
    let parked = app
        .fixture
        .kafka
        .await_record("payment-events.dlt", |record| record.key == stray.payment_id.to_string())
        .await?;
    let reason = &parked.headers["x-dead-letter-reason"];
    assert!(reason.contains("an order that is cancelled cannot have a payment"), "{reason}");
    assert_eq!(customer.status(&order_id).await?, "cancelled");
    Ok(())
}

#[tokio::test]
async fn an_event_about_no_order_of_ours_is_parked_with_its_reason() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let stray = customer.processed(&Uuid::now_v7().to_string())?;
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
