//! Money moves once, for exactly what is owed.

use anyhow::Result;
use futures::future::try_join_all;
use serde_json::json;

use crate::helpers::{Customer, TestApp, id_of};

fn once(operation: &str, outcome: &str) -> Vec<(String, String)> {
    vec![(operation.to_owned(), outcome.to_owned())]
}

#[tokio::test]
async fn a_card_is_charged_and_both_steps_are_told_to_the_world() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let payment = customer.pay_by_card().await?.expect(201)?.json();
    assert_eq!(
        (payment["status"].as_str(), payment["gateway"].as_str()),
        (Some("processed"), Some("stripe"))
    );
    assert_eq!(app.ledger(customer.order_id).await?, once("payment_intent", "accepted"));
    let id = id_of(&payment)?;
    let initiated = app.await_event("PaymentInitiatedEvent", id).await?;
    assert_eq!(
        (initiated["order_id"].as_str(), initiated["method"].as_str()),
        (payment["order_id"].as_str(), Some("card"))
    );
    let processed = app.await_event("PaymentProcessedEvent", id).await?;
    assert_eq!(processed["provider_reference"], payment["provider_reference"]);
    Ok(())
}

#[tokio::test]
async fn a_card_whose_owner_would_have_to_act_is_to_be_declined() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    customer.pay_by_card().await?.expect(201)?;
    let path = format!("/ledger?contains={}", customer.order_id);
    let ledger = app.sandbox.client.get(&path).await?.expect(200)?.json();
    let asked = &ledger[0]["body"]["request"];
    let wanted = (asked["confirm"].as_str(), asked["error_on_requires_action"].as_str());
    assert_eq!(wanted, (Some("true"), Some("true")), "{ledger}");
    Ok(())
}

#[tokio::test]
async fn a_wallet_is_charged_at_its_own_provider() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let payment =
        customer.pay(&customer.offer("paypal", "tok_wallet"), "k").await?.expect(201)?.json();
    assert_eq!(payment["gateway"], "paypal");
    assert_eq!(app.ledger(customer.order_id).await?, once("order", "accepted"));
    Ok(())
}

#[tokio::test]
async fn a_declined_card_is_a_problem_and_a_failed_payment() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let offer = customer.offer("credit_card", "tok_declined");
    let first = customer.pay(&offer, "k").await?.expect_problem(402)?;
    let again = customer.pay(&offer, "k").await?.expect_problem(402)?;
    assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
    let failed =
        app.await_event("PaymentFailedEvent", &app.payment_of(customer.order_id).await?).await?;
    assert_eq!(failed["reason"], "generic_decline");
    Ok(())
}

#[tokio::test]
async fn the_same_request_sent_again_is_answered_the_same_and_charged_once() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let first = customer.pay_by_card().await?.expect(201)?;
    let again = customer.pay_by_card().await?.expect(201)?;
    assert_eq!((again.header("idempotency-replayed"), &again.text), ("true", &first.text));
    assert_eq!(app.ledger(customer.order_id).await?, once("payment_intent", "accepted"));
    Ok(())
}

#[tokio::test]
async fn an_order_is_paid_once_whatever_the_keys() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let (offer, keys) = (customer.offer("credit_card", "tok_visa"), ["a", "b", "c", "d", "e", "f"]);
    let answers = try_join_all(keys.iter().map(|key| customer.pay(&offer, key))).await?;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    assert_eq!(app.ledger(customer.order_id).await?, once("payment_intent", "accepted"));
    Ok(())
}

#[tokio::test]
async fn another_amount_than_is_owed_is_refused_and_nothing_moves() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let with = |field: &str, value: &str| {
        let mut offer = customer.offer("credit_card", "tok_visa");
        offer[field] = json!(value);
        offer
    };
    for (field, value, pointer) in [
        ("amount", "0.01", "/amount"),
        ("amount", "0.00", "/amount"),
        ("amount", "19.990", "/amount"),
        ("currency", "EUR", "/amount"),
        // ISO 4217 has XXX for no currency at all: a code of the right form that nobody pays in.
        ("currency", "XXX", "/currency"),
        ("payment_token", "4242424242424242", "/payment_token"),
        ("card_number", "4242424242424242", "/card_number"),
    ] {
        let problem = customer.pay(&with(field, value), "k").await?.expect_problem(422)?.json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert!(app.ledger(customer.order_id).await?.is_empty());
    customer.pay_by_card().await?.expect(201)?;
    Ok(())
}

#[tokio::test]
async fn what_belongs_to_somebody_else_or_is_closed_is_not_paid() -> Result<()> {
    let app = TestApp::start().await?;
    let (owner, other) = (app.customer()?, app.customer()?);
    other.pay(&owner.offer("credit_card", "tok_visa"), "k").await?.expect_problem(404)?;
    app.orders.close(owner.order_id);
    owner.pay_by_card().await?.expect_problem(409)?;
    let payment = other.pay_by_card().await?.expect(201)?.json();
    owner.client.get(&format!("/api/payments/{}", id_of(&payment)?)).await?.expect_problem(404)?;
    owner.refund(id_of(&payment)?).await?.expect_problem(404)?;
    Ok(())
}

#[tokio::test]
async fn a_rotated_key_is_shown_with_the_next_payment() -> Result<()> {
    let app = TestApp::start().await?;
    let credential = async |order_id| {
        let ledger = app.sandbox.client.get(&format!("/ledger?contains={order_id}")).await?.json();
        anyhow::Ok(ledger[0]["body"]["credential"].clone())
    };
    let (before, after) = (app.customer()?, app.customer()?);
    before.pay_by_card().await?.expect(201)?;
    app.fixture.secret("stripe-api-key", "sk_test_2")?;
    after.pay_by_card().await?.expect(201)?;
    assert_ne!(credential(before.order_id).await?, credential(after.order_id).await?);
    Ok(())
}

#[tokio::test]
async fn keys_that_change_all_the_time_fail_no_payment() -> Result<()> {
    let app = TestApp::start().await?;
    let customers: Vec<_> = (0..20).map(|_| app.customer()).collect::<Result<_>>()?;
    let paying = try_join_all(customers.iter().map(Customer::pay_by_card));
    let rotating = async {
        for round in 0..20 {
            app.fixture.secret("stripe-api-key", &format!("sk_test_{round}"))?;
            tokio::task::yield_now().await;
        }
        anyhow::Ok(())
    };
    let (answers, rotated) = tokio::join!(paying, rotating);
    rotated?;
    for answer in answers? {
        answer.expect(201)?;
    }
    Ok(())
}

#[tokio::test]
async fn payments_are_counted_by_gateway_method_and_status() -> Result<()> {
    let app = TestApp::start().await?;
    app.customer()?.pay_by_card().await?.expect(201)?;
    for status in ["initiated", "processed"] {
        let counted = app
            .anonymous()
            .metric(&format!(
                r#"payments_total{{gateway="stripe",method="card",status="{status}"}}"#
            ))
            .await?;
        assert_eq!(counted.as_deref(), Some("1"), "{status}");
    }
    let timed = app
        .anonymous()
        .metric(r#"payment_processing_duration_seconds_count{gateway="stripe",method="card"}"#)
        .await?;
    assert_eq!(timed.as_deref(), Some("1"));
    Ok(())
}
