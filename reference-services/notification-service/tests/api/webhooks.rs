//! Providers report what became of messages. Only they are believed.

use anyhow::{Context as _, Result, ensure};
use chrono::Utc;
use ecotrack_chassis::test_support::eventually;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{Customer, SENDGRID_SECRET, TWILIO_SECRET, TestApp};

/// A welcome that arrived, and what the mail provider would say about it.
async fn welcomed(app: &TestApp, event: &str) -> Result<(Customer, String)> {
    let customer = app.customer()?;
    app.publish(&customer.registered()).await?;
    let notification = customer.await_notification("welcome", "delivered").await?;
    let mails = app.mails(&customer.email).await?;
    let mail = mails.iter().find(|mail| mail["outcome"] == "accepted").context("no mail")?;
    let body = json!([{
        "event": event, "sg_event_id": "ev_1", "sg_message_id": mail["reference"], "timestamp": 0,
        "email": customer.email, "notification_id": notification["notification_id"],
    }]);
    Ok((customer, body.to_string()))
}

/// A welcome that the mail provider does not take yet.
async fn pending(app: &TestApp) -> Result<(Customer, Value)> {
    let customer = app.customer()?;
    app.arm("sendgrid", &json!({"mode": "error", "ttl_seconds": 60})).await?;
    app.publish(&customer.registered()).await?;
    let pending = customer.await_notification("welcome", "pending").await?;
    Ok((customer, pending))
}

async fn status(customer: &Customer) -> Result<Value> {
    Ok(customer.notifications().await?[0]["status"].clone())
}

#[tokio::test]
async fn a_mail_that_comes_back_late_is_bounced_once() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, bounce) = welcomed(&app, "bounce").await?;
    for _ in 0..5 {
        app.report("sendgrid", SENDGRID_SECRET, &bounce).await?.expect(200)?;
        assert_eq!(status(&customer).await?, "bounced");
    }
    let delivered = bounce.replace("bounce", "delivered");
    app.report("sendgrid", SENDGRID_SECRET, &delivered).await?.expect(200)?;
    assert_eq!(status(&customer).await?, "bounced", "an older report changes nothing");
    let metrics = app.metrics().await?;
    for expected in [
        r#"webhook_events_total{provider="sendgrid",result="applied"} 1"#,
        r#"webhook_events_total{provider="sendgrid",result="ignored"} 5"#,
    ] {
        assert!(metrics.contains(expected), "{metrics}");
    }
    let found = customer.notifications().await?;
    let id = found[0]["notification_id"].as_str().unwrap_or_default();
    assert_eq!(app.await_event("NotificationFailedEvent", id).await?["reason"], "bounced");
    Ok(())
}

#[tokio::test]
async fn a_report_about_what_is_no_id_is_none_of_ours() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, pending) = pending(&app).await?;
    let nameless = report_of(&pending, "a\u{0}b");
    app.report("sendgrid", SENDGRID_SECRET, &nameless).await?.expect(200)?;
    let nameless = "MessageSid=a%00b&MessageStatus=delivered";
    app.report("twilio", TWILIO_SECRET, nameless).await?.expect(200)?;
    assert_eq!(status(&customer).await?, "pending");
    Ok(())
}

#[tokio::test]
async fn who_cannot_sign_is_not_believed() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, bounce) = welcomed(&app, "bounce").await?;
    let now = Utc::now().timestamp();
    let sign = |secret: &str, at: i64| {
        ecotrack_webhook::sign(&[SecretString::from(secret)], bounce.as_bytes(), at)
    };
    let good = sign(SENDGRID_SECRET, now);
    let signatures = [
        String::new(),
        "t=1".to_owned(),
        good.replace("v1=", "v0="),
        good.replace("t=", "t=1"),
        good.chars().rev().collect(),
        sign(TWILIO_SECRET, now),
        sign("", now),
        sign(SENDGRID_SECRET, now - 310),
        sign(SENDGRID_SECRET, now + 310),
    ];
    for signature in &signatures {
        app.report_as("sendgrid", signature, &bounce).await?.expect_problem(400)?;
    }
    app.report_as("sendgrid", &good, &bounce.replace("ev_1", "ev_2")).await?.expect_problem(400)?;
    assert_eq!(status(&customer).await?, "delivered");
    app.report_as("sendgrid", &good, &bounce).await?.expect(200)?;
    assert_eq!(status(&customer).await?, "bounced", "the very same report, signed");
    Ok(())
}

#[tokio::test]
async fn two_signatures_are_none_and_without_a_secret_nobody_can_judge() -> Result<()> {
    let app = TestApp::start().await?;
    let (now, client) = (Utc::now().timestamp(), app.client()?);
    let good = ecotrack_webhook::sign(&[SecretString::from(SENDGRID_SECRET)], b"[]", now);
    let path = "/api/notifications/webhooks/sendgrid";
    let twice = client.request(Method::POST, path)?.body("[]");
    let twice =
        twice.header(ecotrack_webhook::HEADER, &good).header(ecotrack_webhook::HEADER, "t=1");
    client.send(twice).await?.expect_problem(400)?;
    // An empty secret is a key that everybody has.
    app.fixture.secret("sendgrid-webhook-secret", "")?;
    let refused = app.report("sendgrid", "", "[]").await?.expect_problem(503)?;
    assert!(!refused.header("retry-after").is_empty());
    app.fixture.secret("sendgrid-webhook-secret", SENDGRID_SECRET)?;
    app.report_as("sendgrid", &good, "[]").await?.expect(200).map(drop)
}

#[tokio::test]
async fn while_a_secret_is_replaced_both_are_believed() -> Result<()> {
    let app = TestApp::start().await?;
    app.fixture.secret("sendgrid-webhook-secret-previous", SENDGRID_SECRET)?;
    app.fixture.secret("sendgrid-webhook-secret", "whsec_new")?;
    for secret in [SENDGRID_SECRET, "whsec_new"] {
        app.report("sendgrid", secret, "[]").await?.expect(200)?;
    }
    app.report("sendgrid", "whsec_other", "[]").await?.expect_problem(400)?;
    Ok(())
}

#[tokio::test]
async fn what_is_of_no_interest_is_taken_note_of_and_what_is_no_report_is_not() -> Result<()> {
    let app = TestApp::start().await?;
    let unknown = json!([
        {"event": "open", "sg_event_id": "e", "sg_message_id": "m", "notification_id": Uuid::now_v7()},
        {"event": "delivered", "sg_event_id": "e", "sg_message_id": "m", "notification_id": Uuid::now_v7()},
        {"event": "delivered", "sg_event_id": "e", "sg_message_id": "m", "notification_id": "not an id"},
        {"event": "delivered", "sg_event_id": "e"},
    ]);
    app.report("sendgrid", SENDGRID_SECRET, &unknown.to_string()).await?.expect(200)?;
    for body in ["", "{", "{}", r#"[{"event": 1}]"#] {
        app.report("sendgrid", SENDGRID_SECRET, body).await?.expect_problem(400)?;
    }
    app.report("twilio", TWILIO_SECRET, "MessageSid=SM1&MessageStatus=delivered")
        .await?
        .expect(200)?;
    app.report("twilio", TWILIO_SECRET, "MessageStatus=sending").await?.expect(200)?;
    let large = format!("[{}]", " ".repeat(256 * 1024));
    app.report("sendgrid", SENDGRID_SECRET, &large).await?.expect_problem(413)?;
    Ok(())
}

#[tokio::test]
async fn a_text_message_is_reported_by_the_providers_id() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    customer.wants_text_messages("+4915112345678").await?;
    app.publish(&customer.registered()).await?;
    app.publish(&customer.order_cancelled()).await?;
    let sms = || async {
        let found = customer.notifications().await?;
        Ok::<_, anyhow::Error>(found.into_iter().find(|found| found["channel"] == "sms"))
    };
    eventually(|| async {
        let sms = sms().await?;
        ensure!(sms.as_ref().is_some_and(|sms| sms["status"] == "delivered"), "{sms:?}");
        Ok(())
    })
    .await?;
    let sent = app.ledger("twilio", "+4915112345678").await?;
    let sid = sent[0]["reference"].as_str().context("no reference")?;
    let report = format!("MessageSid={sid}&MessageStatus=undelivered&EventSid=EV1");
    app.report("twilio", SENDGRID_SECRET, &report).await?.expect_problem(400)?;
    app.report("twilio", TWILIO_SECRET, &report).await?.expect(200)?;
    assert_eq!(sms().await?.context("gone")?["status"], "bounced");
    Ok(())
}

#[tokio::test]
async fn the_providers_own_reports_are_believed() -> Result<()> {
    let app = TestApp::start_with_reports().await?;
    let customer = app.customer()?;
    app.publish(&customer.registered()).await?;
    customer.await_notification("welcome", "delivered").await?;
    // The service may have asked before it was told.
    let results = [r#"result="applied""#, r#"result="ignored""#];
    eventually(|| async {
        let metrics = app.metrics().await?;
        let believed = metrics.lines().any(|line| {
            line.starts_with("webhook_events_total")
                && line.contains("sendgrid")
                && results.iter().any(|result| line.contains(result))
        });
        ensure!(believed, "no report was believed");
        Ok(())
    })
    .await
}

/// What the mail provider says about a customer's welcome.
fn report_of(notification: &Value, reference: &str) -> String {
    json!([{
        "event": "delivered", "sg_event_id": "ev_1", "sg_message_id": reference,
        "notification_id": notification["notification_id"],
    }])
    .to_string()
}

#[tokio::test]
async fn what_was_given_up_and_arrived_after_all_is_delivered() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, _) = welcomed(&app, "delivered").await?;
    let long_ago = "UPDATE notification_service.notifications SET status = 'sent', provider_reference = 'unlisted',
         attempts = 20, next_attempt_at = now(), created_at = created_at - interval '3 days',
         updated_at = updated_at - interval '3 days'";
    sqlx::query(long_ago).execute(&mut app.fixture.database.connect().await?).await?;
    let failed = customer.await_notification("welcome", "failed").await?;
    let delivered = report_of(&failed, "unlisted");
    app.report("sendgrid", SENDGRID_SECRET, &delivered).await?.expect(200)?;
    let notification = customer.await_notification("welcome", "delivered").await?;
    assert_eq!(notification["failure_reason"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn a_report_that_is_faster_than_the_answer_counts_both_steps() -> Result<()> {
    let app = TestApp::start().await?;
    let (_, pending) = pending(&app).await?;
    let delivered = report_of(&pending, "msg_early");
    app.report("sendgrid", SENDGRID_SECRET, &delivered).await?.expect(200)?;
    let metrics = app.metrics().await?;
    for status in ["sent", "delivered"] {
        let counted = format!(
            r#"notifications_total{{channel="email",template="welcome",status="{status}"}} 1"#
        );
        assert!(metrics.contains(&counted), "{counted} is not in {metrics}");
    }
    Ok(())
}
