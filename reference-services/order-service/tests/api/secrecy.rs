//! Secrets and personal data come in; they are in no line, span, metric, answer or envelope of an event.

use anyhow::Result;
use ecotrack_chassis::test_support::Heard;
use ecotrack_chassis::test_support::canary::{Canary, text_of_all};
use ecotrack_events::Envelope;
use serde_json::json;

use crate::helpers::TestApp;

#[tokio::test]
async fn what_is_secret_or_personal_stays_inside() -> Result<()> {
    let heard = Heard::listen();
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let email = Canary::new("address of e-mails", "{}@canary.example");
    let street = Canary::new("street", "{} Canary Street");
    let token = Canary { name: "token", value: customer.token.clone() };
    let order_id = customer.placed(product).await?;
    let misplaced = json!({
        "items": [{"product_id": email.value, "quantity": street.value}],
        "payment_method": email.value, "address": street.value,
    });
    let in_query = format!("/api/orders?access_token={}", token.value);
    let mut answers = vec![
        customer.order_with(&misplaced, "a").await?.expect(422)?,
        customer.client.get(&format!("/api/orders/{}", email.value)).await?.expect(404)?,
        app.anonymous().get(&in_query).await?.expect(401)?,
        customer.client.get(&in_query).await?.expect(401)?,
        customer.client.get(&format!("/api/orders?limit={}", email.value)).await?.expect(422)?,
    ];
    app.neighbours.set_away(true);
    answers.push(customer.order(product, 1, "b").await?.expect(503)?);
    let event = Envelope::new("payment-service", customer.processed(&order_id)?);
    let spoiled = json!({"street": street.value, "email": email.value});
    let parked = app.fixture.kafka.await_parked(&event, "amount", spoiled).await?;
    let others = [
        ("answers", "problems/", text_of_all(&answers)),
        (
            "metrics",
            "orders_total",
            app.anonymous().get("/actuator/prometheus").await?.expect(200)?.text,
        ),
        ("parked event", "x-dead-letter-reason", format!("{:?}", parked.headers)),
        (
            "events",
            "order_id",
            format!("{:?}", app.await_event("OrderCreatedEvent", &order_id).await?),
        ),
    ];
    heard.tells_none_of(&[email, street, token], "/api/orders", &others)
}
