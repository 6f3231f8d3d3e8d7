//! One key, one order, however many ask at once.

use anyhow::Result;
use futures::future::try_join_all;
use sqlx::Connection as _;
use uuid::Uuid;

use crate::helpers::{Customer, TestApp};

/// Requests under each key at the same time.
const PARALLEL: usize = 64;
/// Keys.
const KEYS: usize = 8;

#[tokio::test]
async fn sixty_four_requests_with_one_key_are_one_order_each_time() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, other, product) =
        (app.customer()?, app.customer()?, app.neighbours.product("5.00", "EUR"));
    for key in (0..KEYS).map(|n| format!("key-{n}")) {
        let order_id = race(&customer, product, &key).await?;
        let again = customer.order(product, 1, &key).await?.expect(201)?;
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.json()["order_id"].as_str(), Some(order_id.as_str()));
        customer.order(product, 2, &key).await?.expect_problem(422)?;
        let others = other.order(product, 1, &key).await?.expect(201)?;
        assert_eq!(others.header("idempotency-replayed"), "");
        assert_ne!(others.json()["order_id"].as_str(), Some(order_id.as_str()));
    }
    assert_eq!((orders_of(&app, &customer).await?, orders_of(&app, &other).await?), (8, 8));
    assert_eq!(app.neighbours.reserved().len(), 2 * KEYS);
    Ok(())
}

/// Asks many times at once. Every answer is the one order, or that somebody else is working on it.
async fn race(customer: &Customer, product: Uuid, key: &str) -> Result<String> {
    let asked = (0..PARALLEL).map(|_| customer.order(product, 1, key));
    let answers = try_join_all(asked).await?;
    let mut placed: Vec<_> = Vec::new();
    for answer in &answers {
        match answer.status.as_u16() {
            201 => placed.push(answer),
            409 => assert!(!answer.header("retry-after").is_empty(), "{}", answer.text),
            other => panic!("{other}: {}", answer.text),
        }
    }
    let first_hand: Vec<_> =
        placed.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).collect();
    assert_eq!(first_hand.len(), 1, "one answer is not a replay");
    assert!(placed.iter().all(|answer| answer.text == placed[0].text));
    Ok(placed[0].json()["order_id"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_key_that_somebody_works_on_is_busy_and_says_when_to_ask_again() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    customer.order(product, 1, "k").await?.expect(201)?;
    let running = "UPDATE order_service.idempotency_keys SET status = NULL, body = NULL, locked_until = now() + interval '10 seconds'";
    sqlx::query(running).execute(&mut app.fixture.database.connect().await?).await?;
    let busy = customer.order(product, 1, "k").await?.expect_problem(409)?;
    assert!(busy.text.contains("idempotency-key-running"), "{}", busy.text);
    assert_eq!(busy.header("retry-after"), "1");
    assert_eq!(orders_of(&app, &customer).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_request_whose_key_is_somebody_elses_by_now_makes_no_order() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let (mut conn, mut other) =
        (app.fixture.database.connect().await?, app.fixture.database.connect().await?);
    let mut held_up = conn.begin().await?;
    sqlx::query("LOCK TABLE order_service.order_items").execute(&mut *held_up).await?;
    let take_over = async {
        app.fixture.database.await_waiting("relation").await?;
        let taken = "UPDATE order_service.idempotency_keys SET subject_id = gen_random_uuid()";
        sqlx::query(taken).execute(&mut other).await?;
        held_up.commit().await?;
        anyhow::Ok(())
    };
    let (answer, outcome) = tokio::join!(customer.order(product, 1, "k"), take_over);
    outcome?;
    answer?.expect_problem(503)?;
    assert_eq!(orders_of(&app, &customer).await?, 0);
    // Nor has it ended the work of the other.
    let locked = "SELECT locked_until > now() FROM order_service.idempotency_keys";
    assert!(sqlx::query_scalar::<_, bool>(locked).fetch_one(&mut other).await?);
    Ok(())
}

async fn orders_of(app: &TestApp, customer: &Customer) -> Result<i64> {
    let mut conn = app.fixture.database.connect().await?;
    let count = "SELECT count(*) FROM order_service.orders WHERE user_id = $1";
    Ok(sqlx::query_scalar(count).bind(customer.user_id).fetch_one(&mut conn).await?)
}

#[tokio::test]
async fn a_key_is_a_new_one_after_a_day() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let first = customer.order(product, 1, "k").await?.expect(201)?.json();
    let mut conn = app.fixture.database.connect().await?;
    let age =
        "UPDATE order_service.idempotency_keys SET created_at = created_at - interval '24 hours'";
    sqlx::query(age).execute(&mut conn).await?;
    let second = customer.order(product, 2, "k").await?.expect(201)?.json();
    assert_ne!(first["order_id"], second["order_id"]);
    Ok(())
}

#[tokio::test]
async fn cancelling_and_paying_at_the_same_time_ends_in_one_of_the_two() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    for _ in 0..10 {
        let order_id = customer.placed(product).await?;
        let (cancelled, opened) =
            tokio::try_join!(customer.cancel(&order_id), customer.open_payment(&order_id))?;
        let statuses = [cancelled.status.as_u16(), opened.status.as_u16()];
        assert!(statuses == [200, 409] || statuses == [409, 200], "{statuses:?}");
        assert_eq!(customer.history(&order_id).await?.len(), 2);
    }
    Ok(())
}
