//! Each provider answers in its own words.

use anyhow::Result;
use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::helpers::{Charge, TestApp, outcomes};

#[tokio::test]
async fn a_key_charges_once_and_answers_the_same_however_often_and_at_once_it_comes() -> Result<()>
{
    let app = TestApp::start().await?;
    let charge = Charge::new();
    let answers = try_join_all((0..8).map(|_| app.charge(&charge))).await?;
    let first = answers[0].text.clone();
    for answer in answers {
        assert_eq!(answer.expect(200)?.text, first);
    }
    let entries = app.ledger(&charge.order).await?;
    let accepted = outcomes(&entries).into_iter().filter(|outcome| *outcome == "accepted").count();
    assert_eq!((accepted, entries.len()), (1, 8));
    Ok(())
}

#[tokio::test]
async fn a_key_is_not_taken_for_another_request() -> Result<()> {
    let app = TestApp::start().await?;
    let charge = Charge::new();
    app.charge(&charge).await?.expect(200)?;
    let other = Charge { amount: "1", ..charge };
    let refused = app.charge(&other).await?.expect(400)?.json();
    assert_eq!(refused["error"]["type"], "idempotency_error");
    let entries = app.ledger(&other.key).await?;
    assert_eq!(outcomes(&entries), ["refused", "accepted"]);
    let told = &entries[0];
    assert_eq!(
        (&told["body"]["request"]["amount"], &told["body"]["status"], &told["amount_minor"]),
        (&json!("1"), &json!(400), &Value::Null)
    );
    Ok(())
}

#[tokio::test]
async fn the_declined_token_is_declined_in_stripes_words() -> Result<()> {
    let app = TestApp::start().await?;
    let charge = Charge { token: "tok_declined", ..Charge::new() };
    let declined = app.charge(&charge).await?.expect(402)?.json();
    assert_eq!(declined["error"]["code"], "card_declined");
    assert_eq!(outcomes(&app.ledger(&charge.order).await?), ["declined"]);
    Ok(())
}

#[tokio::test]
async fn only_a_charge_that_was_made_is_paid_back_and_once_per_key() -> Result<()> {
    let app = TestApp::start().await?;
    let intent = app.charge(&Charge::new()).await?.expect(200)?.json()["id"].clone();
    let intent = intent.as_str().unwrap_or_default();
    let refund = app.refund(intent, "r-1").await?.expect(200)?.text;
    assert_eq!(app.refund(intent, "r-1").await?.expect(200)?.text, refund);
    app.refund("pi_unknown", "r-2").await?.expect(404)?;
    Ok(())
}

#[tokio::test]
async fn without_a_credential_nothing_is_done() -> Result<()> {
    let app = TestApp::start().await?;
    let anonymous = app.client().with_token("");
    anonymous.post("/paypal/v2/checkout/orders", &json!({})).await?.expect(401)?;
    anonymous.post("/sendgrid/v3/mail/send", &json!({})).await?.expect(401)?;
    Ok(())
}

#[tokio::test]
async fn a_wallet_payment_is_captured_and_paid_back() -> Result<()> {
    let app = TestApp::start().await?;
    let order = json!({
        "intent": "CAPTURE",
        "purchase_units": [{"reference_id": "o-1", "amount": {"currency_code": "USD", "value": "19.99"}}],
        "payment_source": {"token": {"id": "tok_wallet", "type": "SETUP_TOKEN"}},
    });
    let answer = app.client().post("/paypal/v2/checkout/orders", &order).await?.expect(201)?.json();
    let capture = answer["purchase_units"][0]["payments"]["captures"][0]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    app.client()
        .post(&format!("/paypal/v2/payments/captures/{capture}/refund"), &json!({}))
        .await?
        .expect(201)?;
    Ok(())
}

#[tokio::test]
async fn an_accepted_mail_is_delivered_and_another_is_unknown() -> Result<()> {
    let app = TestApp::start().await?;
    let accepted = app.mail("ann@example.org").await?.expect(202)?;
    let id = accepted.header("x-message-id");
    let activity =
        app.client().get(&format!("/sendgrid/v3/messages/{id}")).await?.expect(200)?.json();
    assert_eq!(activity["status"], "delivered");
    app.client().get("/sendgrid/v3/messages/msg_unknown").await?.expect(404)?;
    Ok(())
}

#[tokio::test]
async fn alerts_are_received_under_their_receivers_name() -> Result<()> {
    let app = TestApp::start().await?;
    let slack =
        app.client().post("/slack/finance_team", &json!({"text": "drill-1"})).await?.expect(200)?;
    assert_eq!(slack.text, "ok");
    let event = json!({"routing_key": "k", "event_action": "trigger", "dedup_key": "drill-2", "payload": {}});
    let accepted = app.client().post("/pagerduty/v2/enqueue", &event).await?.expect(202)?.json();
    assert_eq!(accepted["status"], "success");
    assert_eq!(app.ledger("drill-1").await?[0]["operation"], "finance_team");
    assert_eq!(app.ledger("drill-2").await?[0]["provider"], "pagerduty");
    Ok(())
}
