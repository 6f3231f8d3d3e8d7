//! An order can be given up until money may be moving.

use anyhow::Result;
use serde_json::json;

use crate::helpers::TestApp;

#[tokio::test]
async fn a_cancelled_order_is_told_to_the_world_and_stays_cancelled() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let order_id = customer.placed(product).await?;
    let path = format!("/api/orders/{order_id}/cancel");
    assert_eq!(
        customer.client.post(&path, &json!({})).await?.expect(200)?.json()["status"],
        "cancelled"
    );
    assert_eq!(app.await_event("OrderCancelledEvent", &order_id).await?["reason"], "customer");
    customer.client.post(&path, &json!({})).await?.expect_problem(409)?;
    customer.open_payment(&order_id).await?.expect_problem(409)?;
    Ok(())
}

#[tokio::test]
async fn an_order_whose_payment_is_open_says_what_is_owed_and_cannot_be_cancelled() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let order_id = customer.placed(product).await?;
    let due = customer.open_payment(&order_id).await?.expect(200)?;
    assert_eq!(customer.open_payment(&order_id).await?.expect(200)?.text, due.text);
    let due = due.json();
    assert_eq!((due["amount"].as_str(), due["currency"].as_str()), (Some("5.00"), Some("EUR")));
    assert_eq!(
        (&due["user_id"], &due["status"]),
        (&json!(customer.user_id), &json!("payment_pending"))
    );
    customer.cancel(&order_id).await?.expect_problem(409)?;
    app.publish(customer.processed(&order_id)?).await?;
    customer.await_status(&order_id, "completed").await?;
    customer.cancel(&order_id).await?.expect_problem(409)?;
    Ok(())
}

#[tokio::test]
async fn an_offer_that_is_not_what_is_owed_opens_nothing() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let order_id = customer.placed(product).await?;
    let path = format!("/api/orders/{order_id}/payment");
    for body in [
        json!({"amount": "4.99", "currency": "EUR"}),
        json!({"amount": "5.00", "currency": "USD"}),
        json!({"amount": "5.00"}),
        json!({"amount": "much", "currency": "EUR"}),
        json!({"amount": "5.00", "currency": "EUR", "status": "paid"}),
    ] {
        customer.client.post(&path, &body).await?.expect_problem(422)?;
    }
    assert_eq!(customer.status(&order_id).await?, "created");
    let offer = json!({"amount": "5.00", "currency": "EUR"});
    let due = customer.client.post(&path, &offer).await?.expect(200)?.json();
    assert_eq!(due["status"], "payment_pending");
    Ok(())
}
