//! Stock is held for those who pay, and for them only: an unpaid order ends, and nobody holds more than a few.

use anyhow::Result;
use chrono::TimeDelta;
use futures::future::try_join_all;
use serde_json::json;
use uuid::Uuid;

use crate::helpers::TestApp;

/// Stock is held so shortly that the time to pay is over when the order is placed.
const NO_TIME: TimeDelta = TimeDelta::seconds(30);

#[tokio::test]
async fn an_order_nobody_pays_is_cancelled_when_its_time_is_over() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let patient = customer.placed(product).await?;
    app.neighbours.hold_for(NO_TIME);
    let order_id = customer.placed(product).await?;
    customer.await_status(&order_id, "cancelled").await?;
    let event = app.await_event("OrderCancelledEvent", &order_id).await?;
    assert_eq!(event["reason"], "reservation_expired");
    let history = customer.history(&order_id).await?;
    let last = ("cancelled".to_owned(), "system".to_owned(), json!("reservation_expired"));
    assert_eq!(history.last(), Some(&last));
    assert_eq!(customer.status(&patient).await?, "created");
    Ok(())
}

#[tokio::test]
async fn orders_that_cannot_be_read_hold_up_no_other_however_many() -> Result<()> {
    let app = TestApp::start().await?;
    let (other, customer, product) =
        (app.customer()?, app.customer()?, app.neighbours.product("5.00", "EUR"));
    let newer: Uuid = other.placed(product).await?.parse()?;
    let unreadable = "UPDATE order_service.orders
        SET payment_method = 'barter', reserved_until = now() - interval '1 hour' WHERE id = $1";
    let mut connection = app.fixture.database.connect().await?;
    sqlx::query(unreadable).bind(newer).execute(&mut connection).await?;
    // More than are looked at in one step.
    let more = "INSERT INTO order_service.orders
            (id, user_id, status, total_amount, currency, payment_method, created_at, updated_at, reserved_until)
        SELECT gen_random_uuid(), user_id, status, total_amount, currency, payment_method, created_at, updated_at, reserved_until
        FROM order_service.orders, generate_series(1, 100) WHERE id = $1";
    sqlx::query(more).bind(newer).execute(&mut connection).await?;
    app.neighbours.hold_for(NO_TIME);
    let order_id = customer.placed(product).await?;
    customer.await_status(&order_id, "cancelled").await
}

#[tokio::test]
async fn a_payment_is_not_opened_when_the_time_is_over() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    app.neighbours.hold_for(NO_TIME);
    let order_id = customer.placed(product).await?;
    customer.open_payment(&order_id).await?.expect_problem(409)?;
    customer.await_status(&order_id, "cancelled").await
}

#[tokio::test]
async fn whoever_comes_first_decides_whether_an_order_is_paid_or_ends() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    // Around the end of the time to pay: some of these payments are opened, some come too late.
    app.neighbours.hold_for(TimeDelta::milliseconds(60_400));
    let orders = try_join_all((0..10).map(|_| customer.placed(product))).await?;
    // Forty at once: many more wait for a connection longer than a request may.
    for _ in 0..10 {
        let rounds =
            (0..4).map(|_| try_join_all(orders.iter().map(|id| customer.open_payment(id))));
        for answer in try_join_all(rounds).await?.into_iter().flatten() {
            assert!(matches!(answer.status.as_u16(), 200 | 409), "{}", answer.text);
        }
    }
    for order_id in &orders {
        let steps: Vec<_> =
            customer.history(order_id).await?.into_iter().map(|(status, ..)| status).collect();
        assert!(
            steps == ["created", "payment_pending"] || steps == ["created", "cancelled"],
            "{steps:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn an_order_whose_payment_is_under_way_waits_for_its_outcome() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let order_id = customer.placed(product).await?;
    customer.open_payment(&order_id).await?.expect(200)?;
    app.let_time_pass(&order_id).await?;
    // The marker is expired after it, by the same worker.
    app.neighbours.hold_for(NO_TIME);
    let marker = customer.placed(product).await?;
    customer.await_status(&marker, "cancelled").await?;
    assert_eq!(customer.status(&order_id).await?, "payment_pending");
    Ok(())
}

#[tokio::test]
async fn a_customer_has_a_few_orders_open_and_no_more_however_they_are_asked_for() -> Result<()> {
    let app = TestApp::start_with(&[("ECOTRACK_MAX_OPEN_ORDERS", "3")]).await?;
    let (customer, other, product) =
        (app.customer()?, app.customer()?, app.neighbours.product("5.00", "EUR"));
    let keys: Vec<_> = (0..12).map(|n| n.to_string()).collect();
    let answers = try_join_all(keys.iter().map(|key| customer.order(product, 1, key))).await?;
    let placed: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!((placed.len(), app.neighbours.reserved().len()), (3, 3));
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(refused.status, 409, "{}", refused.text);
        let problem = refused.json();
        let kind = problem["type"].as_str().unwrap_or_default();
        assert!(kind.ends_with("/too-many-open-orders"), "{problem}");
    }
    other.placed(product).await?;
    let order_id = placed[0].json()["order_id"].as_str().unwrap_or_default().to_owned();
    customer.cancel(&order_id).await?.expect(200)?;
    customer.placed(product).await?;
    Ok(())
}
