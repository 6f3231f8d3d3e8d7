//! What nobody may see does not come out: not in lines, spans, metrics, answers or events.

use anyhow::Result;
use ecotrack_chassis::test_support::Heard;
use ecotrack_chassis::test_support::canary::{Canary, text_of_all};
use reqwest::Method;
use serde_json::json;

use crate::helpers::{TestApp, id_of};
use crate::webhooks::{Delivery, captured};

#[tokio::test]
async fn tokens_keys_and_secrets_do_not_come_out() -> Result<()> {
    let heard = Heard::listen();
    let app = TestApp::start().await?;
    let token = Canary::new("payment token", "tok_{}");
    // Kept for as long as the payment is open, and for nobody to see.
    let open = Canary::new("payment token of an open payment", "tok_{}");
    let key = Canary::new("provider key", "sk_live_{}");
    let secret = Canary::new("webhook secret", "whsec_{}");
    let body = Canary::new("webhook body", "4242{}");
    for provider in ["stripe-api-key", "paypal-client-secret"] {
        app.fixture.secret(provider, &key.value)?;
    }
    app.fixture.secret("stripe-webhook-secret", &secret.value)?;
    let (customer, unlucky) = (app.customer()?, app.customer()?);
    let offer = customer.offer("credit_card", &token.value);
    let paid = customer.pay(&offer, "k").await?.expect(201)?;
    app.arm("paypal", &json!({"mode": "error", "ttl_seconds": 60})).await?;
    let path = "/api/payments/webhooks/stripe";
    let forged = app.anonymous().request(Method::POST, path)?.body(body.value.clone());
    let answers = [
        customer.pay(&offer, "other").await?.expect(409)?,
        // A provider that fails is told of, without what it was asked.
        unlucky.pay(&unlucky.offer("paypal", &open.value), "k").await?.expect(202)?,
        app.anonymous()
            .send(forged.header("webhook-signature", &secret.value))
            .await?
            .expect(400)?,
        customer.client.get(&format!("/api/payments/{}", id_of(&paid.json())?)).await?,
        paid,
    ];
    let outputs = [
        ("answers", "problems/", text_of_all(&answers)),
        (
            "metrics",
            "payments_total",
            app.anonymous().get("/actuator/prometheus").await?.expect(200)?.text,
        ),
    ];
    heard.tells_none_of(&[open], "/api/payments", &outputs)?;
    let written = ("what was written", "PaymentProcessedEvent", app.written().await?);
    let outputs: Vec<_> = outputs.into_iter().chain([written]).collect();
    heard.tells_none_of(&[token, key, secret, body], "/api/payments", &outputs)
}

#[tokio::test]
async fn a_signed_event_of_another_shape_is_told_of_without_its_content() -> Result<()> {
    let heard = Heard::listen();
    let app = TestApp::start().await?;
    let content = Canary::new("webhook content", "ann.{}@example.org");
    let capture = json!({"id": "C-1", "custom_id": content.value});
    let paypal =
        json!({"id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": capture});
    let mut stripe = captured("a-payment");
    stripe["data"]["object"]["amount"] = json!(content.value);
    let answers = [
        Delivery::new("stripe", &stripe).send(&app).await?.expect(422)?,
        Delivery::new("paypal", &paypal).send(&app).await?.expect(422)?,
    ];
    let answers = ("answers", "problems/", text_of_all(&answers));
    heard.tells_none_of(&[content], "/api/payments/webhooks", &[answers])
}

#[tokio::test]
async fn what_a_customer_writes_in_the_wrong_place_does_not_come_back() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, number) = (app.customer()?, "4242424242424242");
    for field in ["amount", "currency"] {
        let mut offer = customer.offer("credit_card", "tok_visa");
        offer[field] = json!(number);
        let refused = customer.pay(&offer, field).await?.expect_problem(422)?;
        assert!(!refused.text.contains(number), "{}", refused.text);
    }
    Ok(())
}
