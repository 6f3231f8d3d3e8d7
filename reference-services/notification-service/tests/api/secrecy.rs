//! Addresses, names, numbers and the providers' secrets come in; they are in no line, span, metric, answer or envelope.

use anyhow::Result;
use chrono::Utc;
use ecotrack_chassis::test_support::Heard;
use ecotrack_chassis::test_support::canary::{Canary, text_of_all};
use ecotrack_events::user::UserRegistered;
use ecotrack_events::{Envelope, Topic};
use serde_json::json;
use uuid::Uuid;

use crate::helpers::{SENDGRID_SECRET, TestApp, preferences};

/// A number that can be dialled, which a canary of random letters cannot.
const NUMBER: &str = "+4915112345678";

#[tokio::test]
async fn what_is_secret_or_personal_stays_inside() -> Result<()> {
    let heard = Heard::listen();
    let app = TestApp::start().await?;
    let email = Canary::new("address of e-mails", "{}@canary.example");
    let name = Canary::new("name", "Canary{}");
    let number = Canary { name: "number", value: NUMBER.to_owned() };
    let key = Canary::new("provider key", "SG.{}");
    let secret = Canary { name: "webhook secret", value: SENDGRID_SECRET.to_owned() };
    app.fixture.secret("sendgrid-api-key", &key.value)?;
    app.fixture.secret("twilio-auth-token", &key.value)?;
    let customer = app.customer_with(Uuid::now_v7(), &email.value)?;
    customer.wants_text_messages(&number.value).await?;
    // Each provider fails first: what went wrong is told, whom it was about is not.
    for provider in ["sendgrid", "twilio"] {
        app.arm(provider, &json!({"mode": "error", "ttl_seconds": 1})).await?;
    }
    let registered = registered(customer.user_id, &email, &name);
    app.publish(&registered).await?;
    app.publish(&customer.order_cancelled()).await?;
    let mut preferences = preferences();
    preferences["phone"] = json!(email.value);
    preferences["email"]["orders"] = json!(name.value);
    let answers = [
        customer.put_preferences(&preferences).await?.expect(422)?,
        customer.client.get(&format!("/api/notifications?limit={NUMBER}")).await?.expect(422)?,
        app.report_as("sendgrid", &secret.value, &json!([{"email": email.value}]).to_string())
            .await?
            .expect(400)?,
    ];
    let welcome = customer.await_notification("welcome", "delivered").await?;
    customer.await_notification("order_cancelled", "delivered").await?;
    let id = welcome["notification_id"].as_str().unwrap_or_default();
    let kafka = &app.fixture.kafka;
    let delivered =
        kafka.await_event(Topic::Notification, "NotificationDeliveredEvent", id).await?;
    let parked = kafka.await_parked(&registered, "registered_at", json!(email.value)).await?;
    let others = [
        ("answers", "problems/", text_of_all(&answers)),
        ("metrics", "notifications_total", app.metrics().await?),
        (
            "event",
            "NotificationDeliveredEvent",
            format!("{:?} {}", delivered.headers, String::from_utf8_lossy(&delivered.payload)),
        ),
        ("parked event", "x-dead-letter-reason", format!("{:?}", parked.headers)),
    ];
    heard.tells_none_of(&[email, name, number, key, secret], "/api/notifications", &others)
}

fn registered(user_id: Uuid, email: &Canary, first_name: &Canary) -> Envelope {
    let event = UserRegistered {
        user_id,
        email: email.value.clone(),
        first_name: first_name.value.clone(),
        registered_at: Utc::now(),
    };
    Envelope::new("user-service", event)
}
