//! Stock that is held for orders.

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::try_join;
use serde_json::json;
use uuid::Uuid;

use crate::helpers::{TestApp, text};

#[tokio::test]
async fn what_is_held_is_no_longer_available_and_is_once_it_is_released() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, order) = (app.product_with_stock(5).await?, Uuid::new_v4());
    let held = app.reserve(order, &product, 2).await?.expect(201)?.json();
    assert_eq!(held["items"][0]["unit_price"], "12.50");
    assert_eq!(app.available(&product).await?, 3);
    for _ in 0..2 {
        app.release(order).await?.expect(204)?;
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
    assert_eq!(first.json(), second.json());
    app.reserve(order, &product, 3).await?.expect_problem(409)?;
    assert_eq!(app.available(&product).await?, 3);
    Ok(())
}

#[tokio::test]
async fn all_lines_are_held_or_none() -> Result<()> {
    let app = TestApp::start().await?;
    let (plenty, few) = (app.product_with_stock(10).await?, app.product_with_stock(1).await?);
    let items = json!([{"product_id": plenty, "quantity": 2}, {"product_id": few, "quantity": 2}]);
    app.reserve_all(Uuid::new_v4(), items).await?.expect_problem(409)?;
    assert_eq!(app.available(&plenty).await?, 10);
    Ok(())
}

#[tokio::test]
async fn a_reservation_that_comes_after_its_release_is_refused() -> Result<()> {
    let app = TestApp::start().await?;
    let (product, order) = (app.product_with_stock(5).await?, Uuid::new_v4());
    for _ in 0..2 {
        app.release(order).await?.expect(204)?;
    }
    for _ in 0..2 {
        let late = app.reserve(order, &product, 2).await?.expect_problem(409)?.json();
        assert!(text(&late, "type")?.ends_with("/reservation-released"), "{late}");
    }
    assert_eq!(app.available(&product).await?, 5);
    app.assert_books_balance().await
}

#[tokio::test]
async fn a_release_that_races_its_reservation_wins_in_the_end() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(5).await?;
    for _ in 0..20 {
        let order = Uuid::new_v4();
        let race = try_join(app.reserve(order, &product, 1), app.release(order)).await?;
        assert!([201, 409].contains(&race.0.status.as_u16()), "{:?}", race.0);
        race.1.expect(204)?;
        assert_eq!(app.available(&product).await?, 5);
    }
    app.assert_books_balance().await
}

#[tokio::test]
async fn stock_is_held_for_fifteen_minutes_unless_set_otherwise() -> Result<()> {
    let set = TestApp::start_with(&[("ECOTRACK_RESERVATION_SECONDS", "120")]).await?;
    for (app, expected) in
        [(TestApp::start().await?, TimeDelta::minutes(15)), (set, TimeDelta::seconds(120))]
    {
        let product = app.product_with_stock(5).await?;
        let before = Utc::now();
        let held = app.reserve(Uuid::new_v4(), &product, 1).await?.expect(201)?.json();
        let until: DateTime<Utc> = text(&held, "expires_at")?.parse()?;
        let held_for = until - before;
        assert!((expected..expected + TimeDelta::seconds(10)).contains(&held_for), "{held_for}");
    }
    Ok(())
}
