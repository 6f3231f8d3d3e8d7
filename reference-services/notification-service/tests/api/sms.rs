//! Text messages, for those who want them.

use anyhow::Result;
use ecotrack_chassis::test_support::eventually;
use serde_json::{Value, json};

use crate::helpers::{Customer, TestApp, preferences};

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

/// A text message about a cancelled order that is written down and that its provider does not take.
async fn held_up(app: &TestApp) -> Result<Customer> {
    let customer = app.customer()?;
    customer.wants_text_messages(NUMBER).await?;
    app.arm("twilio", &json!({"mode": "error", "ttl_seconds": 120})).await?;
    app.publish(&customer.registered()).await?;
    app.publish(&customer.order_cancelled()).await?;
    eventually(|| async {
        anyhow::ensure!(written(app).await? == 1, "no text message is written down");
        Ok(())
    })
    .await?;
    Ok(customer)
}

/// How many texts for the number are kept.
async fn written(app: &TestApp) -> Result<i64> {
    let written = "SELECT count(*) FROM notification_service.messages WHERE address = $1";
    let mut conn = app.fixture.database.connect().await?;
    Ok(sqlx::query_scalar(written).bind(NUMBER).fetch_one(&mut conn).await?)
}

/// Waits until the text message ended as unwanted, and makes sure that its provider did not get it.
async fn await_unwanted(app: &TestApp, customer: &Customer) -> Result<()> {
    app.disarm("twilio").await?;
    app.end_leases().await?;
    let sms = await_sms(customer, "failed").await?;
    let id = sms["notification_id"].as_str().unwrap_or_default();
    assert_eq!(app.await_event("NotificationFailedEvent", id).await?["reason"], "unwanted");
    assert_eq!(written(app).await?, 0);
    let sent = app.ledger("twilio", NUMBER).await?;
    assert!(sent.iter().all(|sms| sms["outcome"] != "accepted"), "{sent:?}");
    Ok(())
}

#[tokio::test]
async fn what_waits_to_be_sent_is_not_sent_to_who_does_not_want_it_any_more() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = held_up(&app).await?;
    customer.put_preferences(&preferences()).await?.expect(200)?;
    await_unwanted(&app, &customer).await?;
    // What is still wanted is still told.
    customer.await_notification("order_cancelled", "delivered").await?;
    Ok(())
}

#[tokio::test]
async fn what_waits_to_be_sent_does_not_go_to_a_number_that_is_not_theirs_any_more() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = held_up(&app).await?;
    customer.wants_text_messages("+4915187654321").await?;
    await_unwanted(&app, &customer).await
}

#[tokio::test]
async fn whether_it_is_wanted_is_asked_again_before_each_attempt() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = held_up(&app).await?;
    // As if written by a version that ends nothing.
    let stop = "UPDATE notification_service.contact_preferences SET sms = '{}' WHERE user_id = $1";
    let mut conn = app.fixture.database.connect().await?;
    sqlx::query(stop).bind(customer.user_id).execute(&mut conn).await?;
    await_unwanted(&app, &customer).await
}
