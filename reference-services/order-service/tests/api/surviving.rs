//! Neighbours that are away, and attempts that nobody finishes.

use anyhow::{Result, ensure};
use axum::http::StatusCode;
use ecotrack_chassis::test_support::eventually;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::helpers::{Customer, TestApp};

#[tokio::test]
async fn every_call_is_made_with_the_customers_own_token() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    customer.placed(product).await?;
    let expected = format!("Bearer {}", customer.token);
    assert_eq!(app.neighbours.tokens(), [expected.clone(), expected]);
    Ok(())
}

#[tokio::test]
async fn while_user_service_is_away_known_customers_order_and_are_told_so() -> Result<()> {
    let app = TestApp::start().await?;
    let (known, stranger, product) =
        (app.customer()?, app.customer()?, app.neighbours.product("5.00", "EUR"));
    assert_eq!(known.order(product, 1, "a").await?.expect(201)?.header("x-fallback"), "");
    app.neighbours.set_users_away(true);
    let answer = known.order(product, 1, "b").await?.expect(201)?;
    assert_eq!(answer.header("x-fallback"), "cached_profile");
    let refused = stranger.order(product, 1, "a").await?.expect_problem(503)?;
    assert!(!refused.header("retry-after").is_empty());
    Ok(())
}

#[tokio::test]
async fn what_somebody_on_the_way_answers_says_nothing_of_an_account() -> Result<()> {
    let app = TestApp::start().await?;
    let (known, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    known.order(product, 1, "a").await?.expect(201)?;
    for status in [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND] {
        app.neighbours.let_users_be_answered_on_the_way(status);
        let answer = known.order(product, 1, status.as_str()).await?.expect(201)?;
        assert_eq!(answer.header("x-fallback"), "cached_profile", "{status}");
    }
    Ok(())
}

#[tokio::test]
async fn who_has_no_account_any_more_orders_nothing_and_is_forgotten() -> Result<()> {
    let app = TestApp::start().await?;
    let (gone, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    gone.order(product, 1, "a").await?.expect(201)?;
    app.neighbours.let_users_be_gone();
    gone.order(product, 1, "b").await?.expect_problem(403)?;
    app.neighbours.set_users_away(true);
    gone.order(product, 1, "c").await?.expect_problem(503)?;
    assert_eq!(app.neighbours.reserved().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_user_service_that_hangs_is_as_good_as_away() -> Result<()> {
    let app = TestApp::start().await?;
    let (known, stranger, product) =
        (app.customer()?, app.customer()?, app.neighbours.product("5.00", "EUR"));
    known.order(product, 1, "a").await?.expect(201)?;
    app.neighbours.let_users_hang();
    let answer = known.order(product, 1, "b").await?.expect(201)?;
    assert_eq!(answer.header("x-fallback"), "cached_profile");
    stranger.order(product, 1, "a").await?.expect_problem(503)?;
    // Nobody waits for the attempts to the end, and still they count: they open the breaker.
    eventually(|| async {
        let state = app.anonymous().metric(r#"circuit_breaker_state{name="user-service"}"#).await?;
        ensure!(state.as_deref() == Some("2"), "{state:?}");
        Ok(())
    })
    .await
}

/// An order under key `k` as a kill leaves it: stock is held, the attempt and its key are written down, the order is not.
async fn break_off(conn: &mut PgConnection, customer: &Customer, product: Uuid) -> Result<()> {
    let block = "ALTER TABLE order_service.orders ADD CONSTRAINT nothing CHECK (false) NOT VALID";
    sqlx::query(block).execute(&mut *conn).await?;
    customer.order(product, 1, "k").await?.expect_problem(500)?;
    sqlx::query("ALTER TABLE order_service.orders DROP CONSTRAINT nothing").execute(conn).await?;
    Ok(())
}

/// Has the stock of unfinished attempts given back now.
async fn make_due(conn: &mut PgConnection) -> Result<()> {
    sqlx::query("UPDATE order_service.reservation_intents SET due_at = now()")
        .execute(conn)
        .await?;
    Ok(())
}

#[tokio::test]
async fn stock_of_an_attempt_that_nobody_finished_is_given_back_and_its_key_is_free() -> Result<()>
{
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let mut conn = app.fixture.database.connect().await?;
    break_off(&mut conn, &customer, product).await?;
    assert_eq!(app.neighbours.reserved().len(), 1);
    app.neighbours.set_away(true);
    make_due(&mut conn).await?;
    // The catalogue is away, so giving back fails at first.
    eventually(|| async {
        let mut conn = app.fixture.database.connect().await?;
        let taken: bool =
            sqlx::query_scalar("SELECT is_releasing FROM order_service.reservation_intents")
                .fetch_one(&mut conn)
                .await?;
        ensure!(taken, "nobody gives the stock back");
        Ok(())
    })
    .await?;
    customer.order(product, 1, "k").await?.expect_problem(409)?;
    app.neighbours.set_away(false);
    make_due(&mut conn).await?;
    app.await_nothing_reserved().await?;
    eventually(|| async { customer.order(product, 1, "k").await?.expect(201) }).await?;
    Ok(())
}

#[tokio::test]
async fn stock_is_not_given_back_because_somebody_on_the_way_knows_no_such_route() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let mut conn = app.fixture.database.connect().await?;
    break_off(&mut conn, &customer, product).await?;
    app.neighbours.set_answered_on_the_way(Some(StatusCode::NOT_FOUND));
    make_due(&mut conn).await?;
    eventually(|| async {
        ensure!(app.neighbours.releases() > 0, "nobody gives the stock back");
        Ok(())
    })
    .await?;
    app.neighbours.set_answered_on_the_way(None);
    make_due(&mut conn).await?;
    app.await_nothing_reserved().await
}

#[tokio::test]
async fn an_attempt_that_broke_goes_on_under_its_key_with_the_same_stock() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let mut conn = app.fixture.database.connect().await?;
    break_off(&mut conn, &customer, product).await?;
    let order = customer.order(product, 1, "k").await?.expect(201)?.json();
    let order_id: Uuid = order["order_id"].as_str().unwrap_or_default().parse()?;
    assert_eq!(app.neighbours.reserved(), [order_id]);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM order_service.reservation_intents")
        .fetch_one(&mut conn)
        .await?;
    assert_eq!(left, 0);
    Ok(())
}

#[tokio::test]
async fn a_catalogue_that_stays_away_is_left_alone_and_the_refusal_is_fast() -> Result<()> {
    // Attempts that came to nothing are no open orders, however many.
    let app = TestApp::start_with(&[("ECOTRACK_MAX_OPEN_ORDERS", "3")]).await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    app.neighbours.set_away(true);
    for key in 0..8 {
        customer.order(product, 1, &key.to_string()).await?.expect_problem(503)?;
    }
    assert_eq!(app.neighbours.asked(), 5);
    let refused = customer.order(product, 1, "k").await?.expect_problem(503)?;
    let seconds: u64 = refused.header("retry-after").parse()?;
    assert!((2..=30).contains(&seconds), "{seconds}");
    let state = app.anonymous().metric(r#"circuit_breaker_state{name="product-service"}"#).await?;
    assert_eq!(state.as_deref(), Some("2"));
    let orders = customer.client.get("/api/orders").await?.expect(200)?.json();
    assert_eq!(orders["items"], serde_json::json!([]));
    Ok(())
}
