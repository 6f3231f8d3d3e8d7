//! Refunds that an operator makes at the provider's console, beside our own.

use anyhow::{Result, ensure};
use ecotrack_chassis::test_support::eventually;
use serde_json::{Value, json};

use crate::helpers::{Customer, TestApp, id_of};
use crate::refunding::{gone_back, part};
use crate::webhooks::state;

async fn await_state(customer: &Customer, id: &str, expected: (&str, &str)) -> Result<()> {
    eventually(|| async {
        let (status, refunded) = state(customer, id).await?;
        ensure!((status.as_str(), refunded.as_str()) == expected, "{status} {refunded}");
        Ok(())
    })
    .await
}

/// A payment of which a part is asked back, and the provider does not answer us. Only our own refunds bear an id of ours: what an
/// operator asks for works.
async fn refund_under_way(app: &TestApp) -> Result<(Customer, Value)> {
    let customer = app.customer()?;
    let payment = customer.pay_by_card().await?.expect(201)?.json();
    app.arm("stripe", &json!({"mode": "error", "ttl_seconds": 120, "match": "refund_id"})).await?;
    customer.refund_part(id_of(&payment)?, &part("5.00"), "ours").await?.expect(202)?;
    Ok((customer, payment))
}

#[tokio::test]
async fn a_refund_made_outside_does_not_stand_for_our_own() -> Result<()> {
    let app = TestApp::start_told().await?;
    let (customer, payment) = refund_under_way(&app).await?;
    let id = id_of(&payment)?;
    app.pay_back_outside(&payment, "700").await?;
    await_state(&customer, id, ("refund_pending", "7.00")).await?;
    app.disarm("stripe").await?;
    await_state(&customer, id, ("partially_refunded", "12.00")).await?;
    assert_eq!(gone_back(&app, id).await?, 1200);
    Ok(())
}

#[tokio::test]
async fn all_of_it_going_back_outside_is_counted_once_and_ends_our_own_refund() -> Result<()> {
    let app = TestApp::start_told().await?;
    let (customer, payment) = refund_under_way(&app).await?;
    let id = id_of(&payment)?;
    app.pay_back_outside(&payment, "1999").await?;
    app.await_event("PaymentRefundedEvent", id).await?;
    app.disarm("stripe").await?;
    customer.await_status(id, "refunded").await?;
    assert_eq!(gone_back(&app, id).await?, 1999);
    let counted = r#"payments_total{gateway="stripe",method="card",status="refunded"}"#;
    assert_eq!(app.anonymous().metric(counted).await?.as_deref(), Some("1"));
    Ok(())
}

#[tokio::test]
async fn a_refund_that_begins_while_its_payment_is_taken_up_is_asked_for_of_the_right_charge()
-> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let payment = customer.pay_by_card().await?.expect(201)?.json();
    let id = id_of(&payment)?;
    // As it is when a webhook settles the charge, and its customer asks for it back, right after the reconciler took the row.
    app.execute(
        "CREATE FUNCTION payment_service.meanwhile() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             UPDATE payment_service.payments SET status = 'refund_pending',
                 provider_reference = (SELECT provider_reference FROM payment_service.taken) WHERE id = NEW.id;
             INSERT INTO payment_service.refunds (id, payment_id, amount, covered_at, status, created_at, updated_at)
             VALUES (gen_random_uuid(), NEW.id, NEW.amount, NEW.amount, 'pending', now(), now());
             RETURN NULL;
         END $$",
    )
    .await?;
    app.execute("CREATE TABLE payment_service.taken AS SELECT provider_reference FROM payment_service.payments").await?;
    app.execute("GRANT SELECT ON payment_service.taken TO PUBLIC").await?;
    app.execute(
        "UPDATE payment_service.payments SET status = 'initiated', provider_reference = NULL, payment_token = 'tok_visa',
             next_attempt_at = now() + interval '1 second'",
    )
    .await?;
    app.execute(
        "CREATE TRIGGER meanwhile AFTER UPDATE ON payment_service.payments FOR EACH ROW
         WHEN (OLD.attempts < NEW.attempts AND NEW.status = 'initiated') EXECUTE FUNCTION payment_service.meanwhile()",
    )
    .await?;
    customer.await_status(id, "refunded").await?;
    assert_eq!(gone_back(&app, id).await?, 1999);
    Ok(())
}
