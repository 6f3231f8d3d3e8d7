//! Secrets and personal data come in; they are in no line, span, metric, answer or envelope of an event.

use anyhow::Result;
use ecotrack_chassis::test_support::{
    Heard,
    canary::{Canary, text_of_all},
};
use ecotrack_events::Envelope;
use serde_json::json;
use uuid::Uuid;

use crate::{
    helpers::{TestApp, new_product, with},
    orders::completed,
};

#[tokio::test]
async fn what_is_secret_or_personal_stays_inside() -> Result<()> {
    let heard = Heard::listen();
    let app = TestApp::start().await?;
    let email = Canary::new("address of e-mails", "{}@canary.example");
    let street = Canary::new("street", "{} Canary Street");
    let value = app.issuer.token(Uuid::now_v7(), &["customer", "admin"])?;
    let token = Canary { name: "token", value };
    let (admin, order_id) = (app.client().with_token(&token.value), Uuid::new_v4());
    let product = app.product_with_stock(5).await?;
    let misplaced = with(new_product(), json!({"price": email.value, "owner": street.value}));
    let items = json!([{"product_id": email.value, "quantity": street.value}]);
    let answers = [
        admin.post("/api/products", &new_product()).await?.expect(201)?,
        admin.post("/api/products", &misplaced).await?.expect(422)?,
        admin.get(&format!("/api/products/{}", email.value)).await?.expect(404)?,
        admin.get(&format!("/api/products?limit={}", email.value)).await?.expect(422)?,
        admin.get(&format!("/api/products?access_token={}", token.value)).await?.expect(401)?,
        app.reserve_all(order_id, items).await?.expect(422)?,
        app.reserve(order_id, &product, 2).await?.expect(201)?,
    ];
    let event = Envelope::new("order-service", completed(order_id));
    let spoiled = json!({"street": street.value, "email": email.value});
    let parked = app.fixture.kafka.await_parked(&event, "total", spoiled).await?;
    let others = [
        ("answers", "problems/", text_of_all(&answers)),
        (
            "metrics",
            "http_server_requests",
            app.client().get("/actuator/prometheus").await?.expect(200)?.text,
        ),
        ("parked event", "x-dead-letter-reason", format!("{:?}", parked.headers)),
    ];
    heard.tells_none_of(&[email, street, token], "/api/products", &others)
}
