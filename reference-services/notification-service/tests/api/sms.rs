//! Text messages, for those who want them.

use anyhow::Result;
use ecotrack_chassis::test_support::eventually;
use serde_json::{Value, json};

use crate::helpers::{Customer, TestApp};

const NUMBER: &str = "+4915112345678";
/// A number the sandbox never reaches.
const UNREACHABLE: &str = "+15005550009";

async fn await_sms(customer: &Customer, status: &str) -> Result<Value> {
    eventually(|| async {
        let found = customer.notifications().await?;
        let wanted =
            found.iter().find(|found| found["channel"] == "sms" && found["status"] == status);
        wanted
            .cloned()
            .ok_or_else(|| anyhow::anyhow!("no text message that is {status}: {found:?}"))
    })
    .await
}

#[tokio::test]
async fn who_wants_text_messages_about_orders_gets_those_beside_the_mails() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    customer.wants_text_messages(NUMBER).await?;
    app.publish(&customer.registered()).await?;
    app.publish(&customer.order_cancelled()).await?;
    let sms = await_sms(&customer, "delivered").await?;
    assert_eq!(sms["template"], "order_cancelled");
    customer.await_notification("welcome", "delivered").await?;
    let sent = app.ledger("twilio", NUMBER).await?;
    assert_eq!(sent.len(), 1, "only orders were asked for: {sent:?}");
    let text = sent[0]["body"]["request"]["Body"].as_str().unwrap_or_default();
    assert!(text.starts_with("EcoTrack: your order") && text.ends_with("was cancelled."), "{text}");
    Ok(())
}

#[tokio::test]
async fn a_number_that_cannot_be_reached_is_told_as_bounced() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    customer.wants_text_messages(UNREACHABLE).await?;
    app.publish(&customer.registered()).await?;
    app.publish(&customer.order_cancelled()).await?;
    let sms = await_sms(&customer, "bounced").await?;
    let id = sms["notification_id"].as_str().unwrap_or_default();
    assert_eq!(app.await_event("NotificationFailedEvent", id).await?["reason"], "bounced");
    Ok(())
}

#[tokio::test]
async fn a_provider_that_hangs_does_not_hold_up_the_mails() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    customer.wants_text_messages(NUMBER).await?;
    app.arm("twilio", &json!({"mode": "hang", "ttl_seconds": 60})).await?;
    app.publish(&customer.registered()).await?;
    app.publish(&customer.order_cancelled()).await?;
    eventually(|| async {
        let found = customer.notifications().await?;
        let arrived = found
            .iter()
            .any(|found| found["template"] == "order_cancelled" && found["status"] == "delivered");
        anyhow::ensure!(arrived, "the mail did not arrive: {found:?}");
        Ok(())
    })
    .await?;
    await_sms(&customer, "pending").await.map(drop)
}
