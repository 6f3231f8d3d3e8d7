//! Whoever dies between opening a payment and recording it leaves no order that waits for ever.

use anyhow::{Result, ensure};
use axum::http::StatusCode;
use ecotrack_chassis::test_support::eventually;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{Customer, TestApp, id_of};
use crate::orders::problem;

/// Lets no payment be recorded, as if the process died right before.
async fn stop_recording(app: &TestApp) -> Result<()> {
    app.execute(
        "ALTER TABLE payment_service.payments ADD CONSTRAINT nothing CHECK (false) NOT VALID",
    )
    .await
}

async fn record_again(app: &TestApp) -> Result<()> {
    app.execute("ALTER TABLE payment_service.payments DROP CONSTRAINT nothing").await
}

/// Lets the time be over within which an intent is left to its request.
async fn let_patience_end(app: &TestApp) -> Result<()> {
    app.execute(
        "UPDATE payment_service.payment_intents SET due_at = now(), begun_at = begun_at - interval '1 minute'",
    )
    .await
}

/// Intents of an order: their payments, and whether they were given up.
async fn intents(app: &TestApp, order_id: Uuid) -> Result<Vec<(Uuid, bool)>> {
    let mut conn = app.fixture.database.connect().await?;
    let intents = "SELECT payment_id, given_up_at IS NOT NULL FROM payment_service.payment_intents WHERE order_id = $1";
    Ok(sqlx::query_as(intents).bind(order_id).fetch_all(&mut conn).await?)
}

/// A customer whose payment was opened and not recorded, and the id it was to have.
async fn opened(app: &TestApp) -> Result<(Customer, Uuid)> {
    let customer = app.customer()?;
    stop_recording(app).await?;
    customer.pay_by_card().await?.expect_problem(500)?;
    record_again(app).await?;
    let payment_id = left_open(app, customer.order_id).await?;
    Ok((customer, payment_id))
}

/// The payment of an order that was let in, and that nobody has recorded or given up.
async fn left_open(app: &TestApp, order_id: Uuid) -> Result<Uuid> {
    ensure!(app.orders.is_open(order_id), "nothing was opened");
    match intents(app, order_id).await?[..] {
        [(payment_id, false)] => Ok(payment_id),
        ref others => anyhow::bail!("{others:?}"),
    }
}

#[tokio::test]
async fn an_opened_payment_that_nobody_records_fails_and_is_never_charged() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, payment_id) = opened(&app).await?;
    let_patience_end(&app).await?;
    let failed = app.await_event("PaymentFailedEvent", &payment_id.to_string()).await?;
    assert_eq!(failed["order_id"], customer.order_id.to_string());
    assert_eq!(failed["reason"], "abandoned");
    assert_eq!(
        app.events_of(&payment_id.to_string()).await?,
        ["PaymentInitiatedEvent", "PaymentFailedEvent"]
    );
    for _ in 0..2 {
        customer.pay_by_card().await?.expect_problem(409)?;
    }
    assert!(app.ledger(customer.order_id).await?.is_empty(), "nobody should have been asked");
    Ok(())
}

#[tokio::test]
async fn an_intent_that_cannot_be_read_holds_up_no_other() -> Result<()> {
    let app = TestApp::start().await?;
    let (_unreadable, newer) = opened(&app).await?;
    let unreadable = "UPDATE payment_service.payment_intents SET method = 'barter', due_at = now() - interval '1 hour' WHERE payment_id = $1";
    let mut conn = app.fixture.database.connect().await?;
    sqlx::query(unreadable).bind(newer).execute(&mut conn).await?;
    let (_customer, payment_id) = opened(&app).await?;
    let due = "UPDATE payment_service.payment_intents SET due_at = now(), begun_at = begun_at - interval '1 minute' WHERE payment_id = $1";
    sqlx::query(due).bind(payment_id).execute(&mut conn).await?;
    app.await_event("PaymentFailedEvent", &payment_id.to_string()).await?;
    Ok(())
}

#[tokio::test]
async fn a_request_that_comes_again_goes_on_with_the_payment_that_was_opened() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, payment_id) = opened(&app).await?;
    let payment = customer.pay_by_card().await?.expect(201)?.json();
    assert_eq!(id_of(&payment)?, payment_id.to_string());
    assert_eq!(app.charges(customer.order_id).await?, 1);
    assert!(intents(&app, customer.order_id).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_request_whose_process_died_has_time_to_come_again_before_its_payment_is_given_up()
-> Result<()> {
    let app = TestApp::start().await?;
    // Keeps the key as busy as a process leaves it that does not live to give it back.
    app.execute("ALTER TABLE payment_service.idempotency_keys ADD CONSTRAINT died CHECK (locked_until > created_at + interval '20 seconds')").await?;
    let (customer, _) = opened(&app).await?;
    customer.pay_by_card().await?.expect_problem(409)?;
    let mut conn = app.fixture.database.connect().await?;
    let time = "SELECT extract(epoch FROM due_at - locked_until)::double precision
                FROM payment_service.payment_intents, payment_service.idempotency_keys";
    let left: f64 = sqlx::query_scalar(time).fetch_one(&mut conn).await?;
    assert!(left >= 10.0, "{left} s from when the key is free to when the payment is given up");
    Ok(())
}

#[tokio::test]
async fn what_order_service_refuses_is_not_looked_after() -> Result<()> {
    let app = TestApp::start().await?;
    let (owner, other) = (app.customer()?, app.customer()?);
    other.pay(&owner.offer("credit_card", "tok_visa"), "k").await?.expect_problem(404)?;
    let mut low = owner.offer("credit_card", "tok_visa");
    low["amount"] = json!("1.00");
    owner.pay(&low, "k").await?.expect_problem(422)?;
    app.orders.close(owner.order_id);
    owner.pay_by_card().await?.expect_problem(409)?;
    assert!(intents(&app, owner.order_id).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_refusal_that_does_not_say_that_nothing_was_let_in_leaves_the_payment_open() -> Result<()>
{
    let app = TestApp::start().await?;
    let refusals = [
        (503, StatusCode::NOT_FOUND, Value::Null),
        (503, StatusCode::CONFLICT, json!({"type": "about:blank", "title": "Conflict"})),
        (503, StatusCode::UNPROCESSABLE_ENTITY, json!("<h1>422</h1>")),
        // Of another service of ours, which has no such route.
        (503, StatusCode::NOT_FOUND, problem("not-found")),
        // Of a token that ended after order-service had let the payment in for it once.
        (401, StatusCode::UNAUTHORIZED, problem("unauthenticated")),
    ];
    for (told, status, body) in refusals {
        let customer = app.customer()?;
        app.orders.answer_instead(status, body);
        customer.pay_by_card().await?.expect_problem(told)?;
        let payment_id = left_open(&app, customer.order_id).await?;
        app.orders.answer_again();
        let payment = customer.pay_by_card().await?.expect(201)?.json();
        assert_eq!(id_of(&payment)?, payment_id.to_string());
        assert_eq!(app.charges(customer.order_id).await?, 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_payment_that_order_service_never_heard_of_does_not_end_its_order() -> Result<()> {
    let app = TestApp::start().await?;
    let (asked, unasked) = (app.customer()?, app.customer()?);
    app.orders.break_down();
    // Five attempts, which close the way for the next: the answer to one of them may have been lost.
    asked.pay_by_card().await?.expect_problem(503)?;
    unasked.pay_by_card().await?.expect_problem(503)?;
    assert_eq!(intents(&app, asked.order_id).await?.len(), 1);
    assert!(intents(&app, unasked.order_id).await?.is_empty());
    // Nor is one that was asked about forgotten because it is not asked about again.
    asked.pay_by_card().await?.expect_problem(503)?;
    assert_eq!(intents(&app, asked.order_id).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_attempt_beside_a_recorded_payment_ends_without_a_word() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    customer.pay_by_card().await?.expect(201)?;
    let left = "INSERT INTO payment_service.payment_intents (payment_id, order_id, user_id, amount, currency, method, begun_at, due_at)
                SELECT $1, order_id, user_id, amount, currency, method, now(), now() FROM payment_service.payments";
    let stray = Uuid::now_v7();
    let mut conn = app.fixture.database.connect().await?;
    sqlx::query(left).bind(stray).execute(&mut conn).await?;
    eventually(|| async {
        let left = intents(&app, customer.order_id).await?;
        ensure!(left.is_empty(), "{left:?}");
        Ok(())
    })
    .await?;
    assert_eq!(app.events_of(&stray.to_string()).await?, Vec::<String>::new());
    Ok(())
}

#[tokio::test]
async fn a_payment_that_failed_meanwhile_is_not_charged_by_a_request_that_comes_again() -> Result<()>
{
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("stripe", &json!({"mode": "error", "ttl_seconds": 120})).await?;
    customer.pay_by_card().await?.expect(202)?;
    // As it is when the process died before it answered, and the reconciler gave the charge up ten minutes later.
    app.execute("UPDATE payment_service.payments SET status = 'failed', next_attempt_at = NULL")
        .await?;
    app.execute(
        "UPDATE payment_service.idempotency_keys SET status = NULL, body = NULL, locked_until = now()",
    )
    .await?;
    app.disarm("stripe").await?;
    customer.pay_by_card().await?.expect_problem(402)?;
    assert_eq!(app.charges(customer.order_id).await?, 0);
    Ok(())
}
