//! What order-service says becomes of orders.

use anyhow::{Result, ensure};
use chrono::Utc;
use ecotrack_chassis::{
    kafka::{Headers, Record},
    test_support::eventually,
};
use ecotrack_events::{
    Currency, Envelope, Event, Money,
    order::{OrderCancelled, OrderCompleted},
};
use uuid::Uuid;

use crate::helpers::TestApp;

async fn tell(app: &TestApp, event: impl Into<Event>) -> Result<Record> {
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

async fn await_available(app: &TestApp, product: &str, expected: i64) -> Result<()> {
    eventually(|| async {
        let mut database = app.fixture.database.connect().await?;
        let stock: i32 =
            sqlx::query_scalar("select stock from product_service.products where id = $1")
                .bind(Uuid::parse_str(product)?)
                .fetch_one(&mut database)
                .await?;
        ensure!(i64::from(stock) == expected, "expected {expected} in stock, saw {stock}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_cancelled_order_gives_its_stock_back_once_however_often_it_is_told() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, order) = (app.product_with_stock(5).await?, Uuid::new_v4());
    app.reserve(order, &product, 2).await?.expect(201)?;
    let record = tell(&app, cancelled(order)).await?;
    await_available(&app, &product, 5).await?;
    app.fixture.kafka.producer()?.send(&record).await?;
    // A later event through the same pipe says that the second delivery is done with.
    let marker = Uuid::new_v4();
    app.reserve(marker, &product, 1).await?.expect(201)?;
    tell(&app, cancelled(marker)).await?;
    await_available(&app, &product, 5).await
}

#[tokio::test]
async fn a_completed_order_keeps_what_it_bought() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, order) = (app.product_with_stock(5).await?, Uuid::new_v4());
    app.reserve(order, &product, 2).await?.expect(201)?;
    let total = Money::from_minor(2500, Currency::Eur);
    let event = OrderCompleted {
        order_id: order,
        user_id: Uuid::new_v4(),
        total,
        completed_at: Utc::now(),
    };
    tell(&app, event).await?;
    eventually(|| async {
        let mut database = app.fixture.database.connect().await?;
        let status: String = sqlx::query_scalar(
            "select status from product_service.reservations where order_id = $1",
        )
        .bind(order)
        .fetch_one(&mut database)
        .await?;
        ensure!(status == "sold", "the reservation is {status}");
        Ok(())
    })
    .await?;
    app.client().delete(&format!("/api/products/reservations/{order}")).await?.expect(204)?;
    await_available(&app, &product, 3).await
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
    await_available(&app, &product, 5).await
}
