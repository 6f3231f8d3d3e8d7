//! What nobody may see does not come out: not in answers, not in events, not in metrics.

use std::fmt::Write as _;

use anyhow::Result;
use ecotrack_chassis::test_support::canary::{Canary, leaks};
use reqwest::Method;
use serde_json::json;

use crate::helpers::{TestApp, id_of};

#[tokio::test]
async fn tokens_keys_and_secrets_do_not_come_out() -> Result<()> {
    let app = TestApp::start().await?;
    let token = Canary::new("payment token", "tok_{}");
    let key = Canary::new("provider key", "sk_live_{}");
    let secret = Canary::new("webhook secret", "whsec_{}");
    let body = Canary::new("webhook body", "4242{}");
    app.fixture.secret("stripe-api-key", &key.value)?;
    app.fixture.secret("stripe-webhook-secret", &secret.value)?;
    let customer = app.customer()?;
    let paid =
        customer.pay(&customer.offer("credit_card", &token.value), "k").await?.expect(201)?;
    let refused = customer.pay(&customer.offer("credit_card", &token.value), "other").await?;
    let path = "/api/payments/webhooks/stripe";
    let forged = app.anonymous().request(Method::POST, path)?.body(body.value.clone());
    let forged = app.anonymous().send(forged.header("webhook-signature", &secret.value)).await?;
    let payment = customer.client.get(&format!("/api/payments/{}", id_of(&paid.json())?)).await?;
    let mut seen = app.anonymous().get("/actuator/prometheus").await?.text;
    for answer in [&paid, &refused.expect(409)?, &forged.expect(400)?, &payment] {
        writeln!(seen, "{}\n{:?}", answer.text, answer.headers)?;
    }
    seen.push_str(&app.written().await?);
    assert!(seen.contains("PaymentProcessedEvent"), "the events should be among what was searched");
    assert_eq!(leaks(&[token, key, secret, body], &seen), []);
    Ok(())
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
