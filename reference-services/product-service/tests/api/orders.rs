//! What order-service says becomes of orders.

use anyhow::Result;
use chrono::Utc;
use ecotrack_chassis::{
    kafka::{Headers, Record},
    test_support::{
        contract::{Variables, expectation},
        eventually,
    },
};
use ecotrack_events::{
    Currency, Envelope, Event, Money,
    order::{OrderCancelled, OrderCompleted, OrderUpdated},
};
use uuid::Uuid;

use crate::helpers::TestApp;

pub(crate) async fn tell(app: &TestApp, event: impl Into<Event>) -> Result<Record> {
    let record = Record::of_event(&Envelope::new("order-service", event), Headers::new())?;
    app.fixture.kafka.producer()?.send(&record).await?;
    Ok(record)
}

fn cancelled(order_id: Uuid) -> OrderCancelled {
    OrderCancelled {
        order_id,
        user_id: Uuid::new_v4(),
        reason: "customer".to_owned(),
        cancelled_at: Utc::now(),
    }
}

pub(crate) fn completed(order_id: Uuid) -> OrderCompleted {
    let total = Money::from_minor(2500, Currency::Eur);
    OrderCompleted { order_id, user_id: Uuid::new_v4(), total, completed_at: Utc::now() }
}

pub(crate) fn payment_pending(order_id: Uuid) -> OrderUpdated {
    OrderUpdated {
        order_id,
        user_id: Uuid::new_v4(),
        status: "payment_pending".to_owned(),
        updated_at: Utc::now(),
    }
}

#[tokio::test]
async fn a_cancelled_order_gives_its_stock_back_once_however_often_it_is_told() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, order) = (app.product_with_stock(5).await?, Uuid::new_v4());
    app.reserve(order, &product, 2).await?.expect(201)?;
    assert_eq!(app.available(&product).await?, 3);
    let record = tell(&app, cancelled(order)).await?;
    app.await_available(&product, 5).await?;
    app.fixture.kafka.producer()?.send(&record).await?;
    tell(&app, cancelled(order)).await?;
    // A later event through the same pipe says that the others are done with.
    let marker = Uuid::new_v4();
    app.reserve(marker, &product, 1).await?.expect(201)?;
    tell(&app, cancelled(marker)).await?;
    app.await_available(&product, 5).await?;
    app.assert_books_balance().await
}

#[tokio::test]
async fn a_completed_order_keeps_what_it_bought() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, order) = (app.product_with_stock(5).await?, Uuid::new_v4());
    app.reserve(order, &product, 2).await?.expect(201)?;
    tell(&app, completed(order)).await?;
    app.await_status(order, "sold").await?;
    app.release(order).await?.expect(204)?;
    assert_eq!(app.available(&product).await?, 3);
    assert_eq!(app.statuses(order).await?, ["sold"]);
    app.assert_books_balance().await
}

#[tokio::test]
async fn an_order_cancelled_before_its_reservation_arrives_reserves_nothing() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, order, marker) =
        (app.product_with_stock(5).await?, Uuid::new_v4(), Uuid::new_v4());
    tell(&app, cancelled(order)).await?;
    app.reserve(marker, &product, 1).await?.expect(201)?;
    tell(&app, completed(marker)).await?;
    eventually(|| async {
        app.reserve(order, &product, 1).await?.expect_problem(409)?;
        Ok(())
    })
    .await?;
    app.assert_books_balance().await
}

#[tokio::test]
async fn a_record_that_is_no_event_is_parked_with_its_reason_and_the_next_one_is_handled()
-> Result<()> {
    let app = TestApp::start().await?;
    let (product, order) = (app.product_with_stock(5).await?, Uuid::new_v4());
    app.reserve(order, &product, 2).await?.expect(201)?;
    let mut poison =
        Record::of_event(&Envelope::new("order-service", cancelled(order)), Headers::new())?;
    poison.payload = b"{".to_vec();
    app.fixture.kafka.producer()?.send(&poison).await?;
    tell(&app, cancelled(order)).await?;
    let parked = app
        .fixture
        .kafka
        .await_record("order-events.dlt", |record| record.key == poison.key)
        .await?;
    assert!(
        parked.headers["x-dead-letter-reason"].contains("OrderCancelledEvent"),
        "{:?}",
        parked.headers
    );
    assert_eq!(parked.payload, poison.payload);
    app.await_available(&product, 5).await
}

#[tokio::test]
async fn the_events_we_read_are_those_we_expect_of_order_service() -> Result<()> {
    let order = Uuid::new_v4();
    for event in [cancelled(order).into(), completed(order).into(), payment_pending(order).into()] {
        let event: Event = event;
        let record = Record::of_event(&Envelope::new("order-service", event), Headers::new())?;
        let expected = expectation("product-service", "order-service", &record.headers["ce_type"])?;
        expected.event()?.verify(&record, &Variables::default())?;
    }
    Ok(())
}
