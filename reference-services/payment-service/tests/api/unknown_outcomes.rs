//! No answer is not a no: the payment stays open until the provider has said how it ended, and money moves once.

use anyhow::{Result, ensure};
use ecotrack_chassis::test_support::eventually;
use futures::future::try_join_all;
use serde_json::json;

use crate::helpers::{TestApp, id_of};

#[tokio::test]
async fn a_charge_whose_answer_is_lost_is_pending_then_processed_and_made_once() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("stripe", &json!({"mode": "reset", "ttl_seconds": 60})).await?;
    let payment = customer.pay_by_card().await?.expect(202)?.json();
    assert_eq!(payment["status"], "pending");
    app.disarm("stripe").await?;
    customer.await_status(id_of(&payment)?, "processed").await?;
    assert_eq!(app.charges(customer.order_id).await?, 1);
    app.await_event("PaymentProcessedEvent", id_of(&payment)?).await?;
    Ok(())
}

#[tokio::test]
async fn a_charge_that_broke_at_the_provider_is_asked_for_again() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("stripe", &json!({"mode": "error", "ttl_seconds": 60})).await?;
    let payment = customer.pay_by_card().await?.expect(202)?.json();
    app.disarm("stripe").await?;
    customer.await_status(id_of(&payment)?, "processed").await?;
    assert_eq!(app.charges(customer.order_id).await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_charge_that_turns_out_declined_fails() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("stripe", &json!({"mode": "reset", "ttl_seconds": 60})).await?;
    let offer = customer.offer("credit_card", "tok_declined");
    let payment = customer.pay(&offer, "k").await?.expect(202)?.json();
    app.disarm("stripe").await?;
    customer.await_status(id_of(&payment)?, "failed").await?;
    app.await_event("PaymentFailedEvent", id_of(&payment)?).await?;
    assert_eq!(app.charges(customer.order_id).await?, 0);
    Ok(())
}

/// What a provider can do to a charge, and whether the charge is made all the same.
const TROUBLES: [&str; 5] = ["hang", "delay", "answer_lost", "reset", "error"];

#[tokio::test]
async fn whatever_the_provider_does_a_charge_is_made_at_most_once_and_its_end_is_found()
-> Result<()> {
    for method in ["credit_card", "paypal"] {
        // All have started before anybody pays: a service that starts keeps this thread from those that answer.
        let apps = try_join_all(TROUBLES.iter().map(|_| TestApp::start())).await?;
        let troubles = TROUBLES.iter().zip(&apps);
        try_join_all(troubles.map(|(mode, app)| settle_after(app, method, mode))).await?;
    }
    Ok(())
}

async fn settle_after(app: &TestApp, method: &str, mode: &str) -> Result<()> {
    let customer = app.customer()?;
    let provider = if method == "paypal" { "paypal" } else { "stripe" };
    app.arm(provider, &json!({"mode": mode, "ttl_seconds": 120})).await?;
    let began = std::time::Instant::now();
    let answer = customer.pay(&customer.offer(method, "tok_1"), "k").await?;
    assert!(began.elapsed().as_secs() < 10, "{mode}: the customer waits {:?}", began.elapsed());
    assert!(matches!(answer.status.as_u16(), 201 | 202), "{mode}: {}", answer.text);
    app.disarm(provider).await?;
    customer.await_status(id_of(&answer.json())?, "processed").await?;
    assert_eq!(app.charges(customer.order_id).await?, 1, "{mode}");
    Ok(())
}

#[tokio::test]
async fn a_provider_that_fails_again_and_again_is_left_alone_and_asked_again_later() -> Result<()> {
    let app = TestApp::start_with(&[("ECOTRACK_PROVIDER_BREAKER_OPEN_SECONDS", "2")]).await?;
    app.arm("stripe", &json!({"mode": "error", "ttl_seconds": 120})).await?;
    app.customer()?.pay_by_card().await?.expect(202)?;
    assert_eq!(
        app.anonymous().metric(r#"circuit_breaker_state{name="stripe"}"#).await?.as_deref(),
        Some("2")
    );
    let spared = app.customer()?;
    spared.pay_by_card().await?.expect(202)?;
    assert!(app.ledger(spared.order_id).await?.is_empty(), "nobody should have been asked");
    let wallet = app.customer()?;
    wallet.pay(&wallet.offer("paypal", "tok_1"), "k").await?.expect(201)?;
    app.disarm("stripe").await?;
    eventually(|| async {
        let customer = app.customer()?;
        customer.pay_by_card().await?.expect(201)?;
        Ok(())
    })
    .await?;
    assert_eq!(
        app.anonymous().metric(r#"circuit_breaker_state{name="stripe"}"#).await?.as_deref(),
        Some("0")
    );
    Ok(())
}

#[tokio::test]
async fn a_charge_of_a_process_that_died_is_found_and_not_made_again() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let payment = customer.pay_by_card().await?.expect(201)?.json();
    let id = id_of(&payment)?;
    // As the row is when the process dies between the provider's answer and writing it down.
    let mut conn = app.fixture.database.connect().await?;
    sqlx::query("UPDATE payment_service.payments SET status = 'initiated', provider_reference = NULL, payment_token = 'tok_visa', next_attempt_at = now() WHERE order_id = $1")
        .bind(customer.order_id)
        .execute(&mut conn)
        .await?;
    customer.await_status(id, "processed").await?;
    let found = customer.client.get(&format!("/api/payments/{id}")).await?.json();
    assert_eq!(found["provider_reference"], payment["provider_reference"]);
    let asked = app.ledger(customer.order_id).await?;
    assert_eq!(asked.len(), 1, "{asked:?}");
    Ok(())
}

#[tokio::test]
async fn a_charge_nobody_heard_of_for_ten_minutes_is_not_begun_any_more() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("stripe", &json!({"mode": "error", "ttl_seconds": 120})).await?;
    let payment = customer.pay_by_card().await?.expect(202)?.json();
    app.execute("UPDATE payment_service.payments SET created_at = now() - interval '10 minutes'")
        .await?;
    app.disarm("stripe").await?;
    customer.await_status(id_of(&payment)?, "failed").await?;
    assert_eq!(app.charges(customer.order_id).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_provider_that_stays_silent_is_noted_once_however_often_it_is_asked() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("stripe", &json!({"mode": "error", "ttl_seconds": 120})).await?;
    let payment = customer.pay_by_card().await?.expect(202)?.json();
    let mut conn = app.fixture.database.connect().await?;
    for attempt in 1..=2 {
        app.execute("UPDATE payment_service.payments SET next_attempt_at = now()").await?;
        let attempts = "SELECT attempts FROM payment_service.payments";
        eventually(|| async {
            let mut conn = app.fixture.database.connect().await?;
            let made: i32 = sqlx::query_scalar(attempts).fetch_one(&mut conn).await?;
            ensure!(made >= attempt, "{made} attempts");
            Ok(())
        })
        .await?;
    }
    app.disarm("stripe").await?;
    customer.await_status(id_of(&payment)?, "processed").await?;
    let noted: Vec<String> =
        sqlx::query_scalar("SELECT outcome FROM payment_service.payment_attempts ORDER BY at")
            .fetch_all(&mut conn)
            .await?;
    assert_eq!(noted, ["unknown", "accepted"]);
    Ok(())
}

#[tokio::test]
async fn once_settled_the_payment_token_is_forgotten() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    customer.pay_by_card().await?.expect(201)?;
    let mut conn = app.fixture.database.connect().await?;
    let kept: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM payment_service.payments WHERE payment_token IS NOT NULL",
    )
    .fetch_one(&mut conn)
    .await?;
    assert_eq!(kept, 0);
    Ok(())
}

#[tokio::test]
async fn a_provider_that_hangs_does_not_hold_up_the_payments_of_another() -> Result<()> {
    let app = TestApp::start().await?;
    let wallet = app.customer()?;
    let paid = wallet.pay(&wallet.offer("paypal", "tok_1"), "k").await?.expect(201)?.json();
    for _ in 0..10 {
        app.customer()?.pay_by_card().await?.expect(201)?;
    }
    app.arm("stripe", &json!({"mode": "hang", "ttl_seconds": 120})).await?;
    // As if the process had died before it could write down any answer; the cards have waited longest.
    let unknown = "UPDATE payment_service.payments SET status = 'initiated', provider_reference = NULL, payment_token = 'tok_1',
         next_attempt_at = now() - CASE method WHEN 'card' THEN interval '1 min' ELSE interval '0' END";
    app.execute(unknown).await?;
    wallet.await_status(id_of(&paid)?, "processed").await
}
