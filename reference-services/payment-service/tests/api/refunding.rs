//! Money goes back once, only money that was taken, and never more of it.

use anyhow::Result;
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::helpers::{Customer, TestApp, id_of};

pub(crate) async fn paid(app: &TestApp) -> Result<(Customer, String)> {
    let customer = app.customer()?;
    let payment = customer.pay_by_card().await?.expect(201)?.json();
    let id = id_of(&payment)?.to_owned();
    Ok((customer, id))
}

/// What the provider says has gone back, in minor units.
pub(crate) async fn gone_back(app: &TestApp, payment_id: &str) -> Result<i64> {
    let path = format!("/ledger?contains={payment_id}&limit=1000");
    let ledger = app.sandbox.client.get(&path);
    let entries: Vec<Value> = serde_json::from_str(&ledger.await?.expect(200)?.text)?;
    let refunds = entries
        .iter()
        .filter(|entry| entry["operation"] == "refund" && entry["outcome"] == "accepted");
    Ok(refunds.filter_map(|entry| entry["amount_minor"].as_i64()).sum())
}

pub(crate) fn part(amount: &str) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

#[tokio::test]
async fn a_refund_pays_back_once_and_is_told_to_the_world() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, id) = paid(&app).await?;
    let first = customer.refund(&id).await?.expect(200)?;
    let again = customer.refund(&id).await?.expect(200)?;
    assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
    assert_eq!(first.json()["status"], "refunded");
    let event = app.await_event("PaymentRefundedEvent", &id).await?;
    assert_eq!(event["refunded_total"], event["amount"]);
    assert_eq!(gone_back(&app, &id).await?, 1999);
    Ok(())
}

#[tokio::test]
async fn a_wallet_payment_goes_back_in_parts() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let offer = customer.offer("paypal", "tok_wallet");
    let payment = customer.pay(&offer, "k").await?.expect(201)?.json();
    let id = id_of(&payment)?;
    let first = customer.refund_part(id, &part("5.00"), "a").await?.expect(200)?.json();
    assert_eq!(
        (&first["status"], &first["refunded_amount"]),
        (&json!("partially_refunded"), &json!("5.00"))
    );
    let counted = r#"payments_total{gateway="paypal",method="paypal",status="refunded"}"#;
    assert_eq!(app.anonymous().metric(counted).await?, None, "a part is not all of it");
    let rest = customer.refund_part(id, &json!({}), "b").await?.expect(200)?.json();
    assert_eq!((&rest["status"], &rest["refunded_amount"]), (&json!("refunded"), &json!("19.99")));
    assert_eq!(app.anonymous().metric(counted).await?.as_deref(), Some("1"));
    Ok(())
}

#[tokio::test]
async fn never_more_goes_back_than_was_taken_whatever_is_asked_at_once() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, id) = paid(&app).await?;
    let keys: Vec<_> = (0..8).map(|key| key.to_string()).collect();
    let asked = part("7.00");
    let answers =
        try_join_all(keys.iter().map(|key| customer.refund_part(&id, &asked, key))).await?;
    for answer in &answers {
        assert!(matches!(answer.status.as_u16(), 200 | 409 | 422), "{}", answer.text);
    }
    customer.refund_part(&id, &part("19.99"), "all").await?.expect_problem(422)?;
    let back = gone_back(&app, &id).await?;
    assert!((700..=1999).contains(&back) && back % 700 == 0, "{back}");
    let payment = customer.client.get(&format!("/api/payments/{id}")).await?.json();
    assert_eq!(payment["refunded_amount"], format!("{}.00", back / 100));
    Ok(())
}

#[tokio::test]
async fn a_refund_that_is_not_possible_is_refused_where_it_is_wrong() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, id) = paid(&app).await?;
    for (body, pointer) in [
        (part("20.00"), "/amount"),
        (part("0.00"), "/amount"),
        (part("1"), "/amount"),
        (json!({"amount": "1.00", "currency": "EUR"}), "/currency"),
        // ISO 4217 has XXX for no currency at all: a code of the right form that nobody pays in.
        (json!({"amount": "1.00", "currency": "XXX"}), "/currency"),
        (json!({"amount": "1.00"}), "/currency"),
        (json!({"currency": "USD"}), "/amount"),
        (json!({"total": "1.00"}), "/total"),
    ] {
        let problem = customer.refund_part(&id, &body, "k").await?.expect_problem(422)?.json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    customer
        .client
        .post(&format!("/api/payments/{id}/refund"), &json!({}))
        .await?
        .expect_problem(400)?;
    assert_eq!(gone_back(&app, &id).await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_failed_payment_has_nothing_to_refund() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    customer.pay(&customer.offer("credit_card", "tok_declined"), "k").await?.expect(402)?;
    customer.refund(&app.payment_of(customer.order_id).await?).await?.expect_problem(409)?;
    Ok(())
}

#[tokio::test]
async fn a_refund_without_an_answer_is_pending_until_the_provider_says() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, id) = paid(&app).await?;
    app.arm("stripe", &json!({"mode": "reset", "ttl_seconds": 60})).await?;
    assert_eq!(customer.refund(&id).await?.expect(202)?.json()["status"], "refund_pending");
    customer.refund_part(&id, &part("1.00"), "other").await?.expect_problem(409)?;
    app.disarm("stripe").await?;
    customer.await_status(&id, "refunded").await?;
    assert_eq!(gone_back(&app, &id).await?, 1999);
    Ok(())
}

#[tokio::test]
async fn a_refund_the_provider_refuses_leaves_the_money_where_it_is() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, id) = paid(&app).await?;
    app.arm("stripe", &json!({"mode": "decline", "ttl_seconds": 60})).await?;
    customer.refund(&id).await?.expect_problem(409)?;
    customer.await_status(&id, "processed").await?;
    app.disarm("stripe").await?;
    customer.refund_part(&id, &json!({}), "again").await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn a_refund_whose_answer_was_lost_is_answered_without_asking_again() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let payment = customer.pay_by_card().await?.expect(201)?.json();
    let id = id_of(&payment)?;
    let first = customer.refund(id).await?.expect(200)?;
    let path = format!("/ledger?contains={id}");
    let asked = app.sandbox.client.get(&path).await?.expect(200)?.text;
    // As if the request had died when somebody else settled the refund: its key has no answer.
    let lost = "UPDATE payment_service.idempotency_keys SET status = NULL, body = NULL, locked_until = now()";
    app.execute(lost).await?;
    assert_eq!(customer.refund(id).await?.expect(200)?.text, first.text);
    assert_eq!(app.sandbox.client.get(&path).await?.expect(200)?.text, asked);
    assert_eq!(customer.refund(id).await?.expect(200)?.header("idempotency-replayed"), "true");
    Ok(())
}
