//! Reservations that nobody ended.

use anyhow::{Result, ensure};
use ecotrack_chassis::test_support::eventually;
use futures::future::try_join_all;
use uuid::Uuid;

use crate::{
    helpers::TestApp,
    orders::{completed, payment_pending, tell},
};

/// Minutes after which a reservation is ended: what it lasts, and an hour in which news of its order may arrive.
const OVER: i32 = 15 + 60;

#[tokio::test]
async fn stock_of_a_reservation_whose_time_is_over_comes_back_once() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, order, other) =
        (app.product_with_stock(5).await?, Uuid::new_v4(), Uuid::new_v4());
    app.reserve(order, &product, 2).await?.expect(201)?;
    app.reserve(other, &product, 1).await?.expect(201)?;
    app.let_time_pass(other, OVER - 1).await?;
    app.let_time_pass(order, OVER).await?;
    app.await_status(order, "expired").await?;
    app.await_available(&product, 4).await?;
    assert_eq!(app.statuses(other).await?, ["held"]);
    app.reserve(order, &product, 2).await?.expect_problem(409)?;
    app.release(order).await?.expect(204)?;
    assert_eq!(app.available(&product).await?, 4);
    app.assert_books_balance().await
}

#[tokio::test]
async fn the_times_can_be_set() -> Result<()> {
    let settings =
        [("ECOTRACK_RESERVATION_SECONDS", "120"), ("ECOTRACK_RESERVATION_GRACE_SECONDS", "0")];
    let app = TestApp::start_with(&settings).await?;
    let (product, order) = (app.product_with_stock(5).await?, Uuid::new_v4());
    app.reserve(order, &product, 5).await?.expect(201)?;
    app.let_time_pass(order, 2).await?;
    app.await_available(&product, 5).await?;
    app.await_status(order, "expired").await
}

#[tokio::test]
async fn a_time_too_short_to_pay_in_is_refused() -> Result<()> {
    let app = TestApp::start().await?;
    let fixture = app.fixture.with("ECOTRACK_RESERVATION_SECONDS", "119");
    let refused = product_service::build(fixture.settings("product-service")?).await;
    let error = refused.map(drop).unwrap_err().to_string();
    assert!(error.contains("ECOTRACK_RESERVATION_SECONDS"), "{error}");
    Ok(())
}

#[tokio::test]
async fn replicas_give_back_a_backlog_together_and_every_piece_once() -> Result<()> {
    const ORDERS: u32 = 250;
    const AT_ONCE: u32 = 10;
    let app = TestApp::start().await?;
    let _replicas = try_join_all(
        (0..2).map(|_| app.fixture.start_ready("product-service", product_service::build)),
    )
    .await?;
    let product = app.product_with_stock(ORDERS).await?;
    for _ in 0..ORDERS / AT_ONCE {
        let orders = (0..AT_ONCE).map(|_| app.reserve(Uuid::new_v4(), &product, 1));
        for answer in try_join_all(orders).await? {
            answer.expect(201)?;
        }
    }
    let aged = "update reservations set expires_at = now() - interval '2 hours'";
    sqlx::query(aged).execute(&mut app.database().await?).await?;
    app.await_available(&product, ORDERS.into()).await?;
    app.assert_books_balance().await
}

#[tokio::test]
async fn an_order_that_is_being_paid_keeps_its_stock() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, paid, left) = (app.product_with_stock(5).await?, Uuid::new_v4(), Uuid::new_v4());
    app.reserve(paid, &product, 2).await?.expect(201)?;
    app.reserve(left, &product, 1).await?.expect(201)?;
    tell(&app, payment_pending(paid)).await?;
    eventually(|| async {
        let times: Vec<Option<chrono::DateTime<chrono::Utc>>> =
            sqlx::query_scalar("select expires_at from reservations where order_id = $1")
                .bind(paid)
                .fetch_all(&mut app.database().await?)
                .await?;
        ensure!(times == [None], "the reservation still ends: {times:?}");
        Ok(())
    })
    .await?;
    for order in [paid, left] {
        app.let_time_pass(order, OVER).await?;
    }
    app.await_status(left, "expired").await?;
    assert_eq!(app.statuses(paid).await?, ["held"]);
    tell(&app, completed(paid)).await?;
    app.await_status(paid, "sold").await?;
    app.assert_books_balance().await
}

#[tokio::test]
async fn an_order_that_is_paid_after_its_time_gets_its_stock_again_if_there_is_any() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, lucky, late) = (app.product_with_stock(3).await?, Uuid::new_v4(), Uuid::new_v4());
    app.reserve(lucky, &product, 1).await?.expect(201)?;
    app.reserve(late, &product, 2).await?.expect(201)?;
    for order in [lucky, late] {
        app.let_time_pass(order, OVER).await?;
        app.await_status(order, "expired").await?;
    }
    tell(&app, completed(lucky)).await?;
    app.await_status(lucky, "sold").await?;
    app.await_available(&product, 2).await?;
    app.reserve(Uuid::new_v4(), &product, 1).await?.expect(201)?;
    tell(&app, completed(late)).await?;
    // A later event through the same pipe says that the one before is done with.
    let marker = Uuid::new_v4();
    app.reserve(marker, &product, 1).await?.expect(201)?;
    tell(&app, completed(marker)).await?;
    app.await_status(marker, "sold").await?;
    assert_eq!(app.statuses(late).await?, ["expired"]);
    eventually(|| async {
        let undeliverable = app.client().metric("orders_without_stock_total").await?;
        ensure!(undeliverable.as_deref() == Some("1"), "{undeliverable:?}");
        Ok(())
    })
    .await?;
    app.await_available(&product, 0).await?;
    app.assert_books_balance().await
}
