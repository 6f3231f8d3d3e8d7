//! Stock that is held for orders.

use anyhow::Result;
use futures::future::try_join_all;
use serde_json::json;
use uuid::Uuid;

use crate::helpers::TestApp;

#[tokio::test]
async fn what_is_held_is_no_longer_available_and_is_once_it_is_released() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, order) = (app.product_with_stock(5).await?, Uuid::new_v4());
    let held = app.reserve(order, &product, 2).await?.expect(201)?.json();
    assert_eq!(held["items"][0]["unit_price"], "12.50");
    assert_eq!(app.available(&product).await?, 3);
    for _ in 0..2 {
        app.client().delete(&format!("/api/products/reservations/{order}")).await?.expect(204)?;
        assert_eq!(app.available(&product).await?, 5);
    }
    app.reserve(order, &product, 2).await?.expect_problem(409)?;
    Ok(())
}

#[tokio::test]
async fn asking_again_for_the_same_order_holds_nothing_more() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, order) = (app.product_with_stock(5).await?, Uuid::new_v4());
    let first = app.reserve(order, &product, 2).await?.expect(201)?;
    let second = app.reserve(order, &product, 2).await?.expect(200)?;
    assert_eq!(first.json()["items"], second.json()["items"]);
    app.reserve(order, &product, 3).await?.expect_problem(409)?;
    assert_eq!(app.available(&product).await?, 3);
    Ok(())
}

#[tokio::test]
async fn of_many_buyers_at_once_exactly_as_many_are_served_as_there_are_pieces() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(10).await?;
    let orders = (0..60).map(|_| app.reserve(Uuid::new_v4(), &product, 1));
    let answers = try_join_all(orders).await?;
    let count =
        |status: u16| answers.iter().filter(|answer| answer.status.as_u16() == status).count();
    assert_eq!((count(201), count(409)), (10, 50));
    assert_eq!(app.available(&product).await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_same_order_asked_for_at_once_is_held_once() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, order) = (app.product_with_stock(10).await?, Uuid::new_v4());
    let answers = try_join_all((0..16).map(|_| app.reserve(order, &product, 1))).await?;
    assert_eq!(answers.iter().filter(|answer| answer.status.as_u16() == 201).count(), 1);
    assert_eq!(app.available(&product).await?, 9);
    Ok(())
}

#[tokio::test]
async fn all_lines_are_held_or_none() -> Result<()> {
    let app = TestApp::start().await?;
    let (plenty, few) = (app.product_with_stock(10).await?, app.product_with_stock(1).await?);
    let items = json!([{"product_id": plenty, "quantity": 2}, {"product_id": few, "quantity": 2}]);
    let body = json!({"order_id": Uuid::new_v4(), "items": items});
    app.customer()?.post("/api/products/reservations", &body).await?.expect_problem(409)?;
    assert_eq!(app.available(&plenty).await?, 10);
    Ok(())
}

#[tokio::test]
async fn unknown_products_and_senseless_quantities_are_refused() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(1).await?;
    app.reserve(Uuid::new_v4(), &Uuid::new_v4().to_string(), 1).await?.expect_problem(422)?;
    app.reserve(Uuid::new_v4(), &product, 0).await?.expect_problem(422)?;
    app.client()
        .delete(&format!("/api/products/reservations/{}", Uuid::new_v4()))
        .await?
        .expect_problem(404)?;
    Ok(())
}
