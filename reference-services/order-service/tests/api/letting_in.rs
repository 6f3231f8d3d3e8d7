//! Of several payments of an order one is let in, and an order waits for no payment that nobody looks after.

use anyhow::Result;
use chrono::Utc;
use ecotrack_events::payment::PaymentFailed;
use ecotrack_events::{Currency, Money};
use serde_json::json;
use uuid::Uuid;

use crate::helpers::{Customer, TestApp};

/// A payment over 5.00 EUR that came to nothing.
fn failed(payment_id: Uuid, user_id: Uuid, order_id: &str) -> Result<PaymentFailed> {
    Ok(PaymentFailed {
        payment_id,
        order_id: order_id.parse()?,
        user_id,
        amount: Money::from_minor(500, Currency::Eur),
        gateway: "stripe".to_owned(),
        method: "card".to_owned(),
        reason: "abandoned".to_owned(),
        failed_at: Utc::now(),
    })
}

async fn open(
    customer: &Customer,
    order_id: &str,
    payment_id: Uuid,
) -> Result<ecotrack_chassis::test_support::Answer> {
    let offer = json!({"payment_id": payment_id, "amount": "5.00", "currency": "EUR"});
    customer.client.post(&format!("/api/orders/{order_id}/payment"), &offer).await
}

#[tokio::test]
async fn the_payment_that_was_let_in_is_let_in_again_and_another_one_is_not() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let order_id = customer.placed(product).await?;
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());
    for _ in 0..2 {
        open(&customer, &order_id, first).await?.expect(200)?;
    }
    open(&customer, &order_id, second).await?.expect_problem(409)?;
    let mut payment = customer.processed(&order_id)?;
    // What becomes of the other one changes nothing: its event has another key, so that the two may come in any order.
    app.publish(failed(second, customer.user_id, &order_id)?).await?;
    app.await_claimed(1).await?;
    assert_eq!(customer.status(&order_id).await?, "payment_pending");
    payment.payment_id = first;
    app.publish(payment).await?;
    customer.await_status(&order_id, "completed").await
}

#[tokio::test]
async fn an_order_whose_payment_was_let_in_and_given_up_is_cancelled() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let (order_id, payment_id) = (customer.placed(product).await?, Uuid::now_v7());
    open(&customer, &order_id, payment_id).await?.expect(200)?;
    app.publish(failed(payment_id, customer.user_id, &order_id)?).await?;
    customer.await_status(&order_id, "cancelled").await
}

#[tokio::test]
async fn a_payment_that_was_given_up_before_it_was_let_in_is_not_let_in_late() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let (order_id, payment_id) = (customer.placed(product).await?, Uuid::now_v7());
    app.publish(failed(payment_id, customer.user_id, &order_id)?).await?;
    customer.await_status(&order_id, "cancelled").await?;
    open(&customer, &order_id, payment_id).await?.expect_problem(409)?;
    Ok(())
}

#[tokio::test]
async fn what_others_failed_to_pay_is_nothing_to_an_order() -> Result<()> {
    let app = TestApp::start().await?;
    let (owner, other) = (app.customer()?, app.customer()?);
    let product = app.neighbours.product("5.00", "EUR");
    let order_id = owner.placed(product).await?;
    app.publish(failed(Uuid::now_v7(), other.user_id, &order_id)?).await?;
    let nowhere = Uuid::now_v7().to_string();
    app.publish(failed(Uuid::now_v7(), other.user_id, &nowhere)?).await?;
    app.await_claimed(2).await?;
    assert_eq!(owner.status(&order_id).await?, "created");
    Ok(())
}
