//! Whatever happens between asking a provider and writing down its answer: nobody is told twice.

use anyhow::Result;
use ecotrack_chassis::test_support::eventually;
use serde_json::json;

use crate::helpers::{TestApp, registered};
use uuid::Uuid;

async fn await_accepted(app: &TestApp, email: &str) -> Result<()> {
    eventually(|| async {
        let found = count(app, email, "accepted").await?;
        anyhow::ensure!(found > 0, "the provider got nothing yet");
        Ok(())
    })
    .await
}

async fn count(app: &TestApp, email: &str, outcome: &str) -> Result<usize> {
    let mails = app.mails(email).await?;
    Ok(mails.iter().filter(|mail| mail["outcome"] == outcome).count())
}

#[tokio::test]
async fn a_mail_whose_answer_was_lost_is_sent_once() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("sendgrid", &json!({"mode": "reset", "ttl_seconds": 60})).await?;
    app.publish(&customer.registered()).await?;
    await_accepted(&app, &customer.email).await?;
    app.disarm("sendgrid").await?;
    customer.await_notification("welcome", "delivered").await?;
    assert_eq!(count(&app, &customer.email, "accepted").await?, 1);
    assert!(
        count(&app, &customer.email, "replayed").await? >= 1,
        "it was asked again, under the same key"
    );
    Ok(())
}

#[tokio::test]
async fn a_mail_that_was_on_its_way_when_its_sender_was_killed_is_sent_once() -> Result<()> {
    let app = TestApp::without_service().await?;
    let (user_id, email) = (Uuid::now_v7(), "killed@example.com");
    app.arm("sendgrid", &json!({"mode": "delay", "delay_ms": 2500, "ttl_seconds": 60})).await?;
    let mut sender = app.spawn()?;
    app.publish(&registered(user_id, email)).await?;
    // The provider has it, and its answer is not there yet.
    await_accepted(&app, email).await?;
    sender.kill().await?;
    app.disarm("sendgrid").await?;
    app.end_leases().await?;
    let app = app.serving().await?;
    app.customer_with(user_id, email)?.await_notification("welcome", "delivered").await?;
    assert_eq!(count(&app, email, "accepted").await?, 1);
    assert_eq!(count(&app, email, "replayed").await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_mail_stays_the_same_when_its_user_changes_meanwhile() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("sendgrid", &json!({"mode": "reset", "ttl_seconds": 60})).await?;
    app.publish(&customer.registered()).await?;
    await_accepted(&app, &customer.email).await?;
    app.publish(&customer.moved_to("elsewhere@example.net")).await?;
    customer.await_notification("email_changed", "pending").await?;
    app.disarm("sendgrid").await?;
    let welcome = customer.await_notification("welcome", "delivered").await?;
    let id = welcome["notification_id"].as_str().unwrap_or_default();
    let sent = app.ledger("sendgrid", id).await?;
    let accepted = sent.iter().filter(|mail| mail["outcome"] == "accepted").count();
    assert_eq!(accepted, 1, "{sent:?}");
    assert!(sent.iter().all(|mail| mail["body"]["request"] == sent[0]["body"]["request"]));
    Ok(())
}

#[tokio::test]
async fn two_replicas_send_one_mail() -> Result<()> {
    let app = TestApp::start().await?;
    let customers = (0..10).map(|_| app.customer()).collect::<Result<Vec<_>>>()?;
    app.arm("sendgrid", &json!({"mode": "delay", "delay_ms": 300, "ttl_seconds": 60})).await?;
    for customer in &customers {
        app.publish(&customer.registered()).await?;
    }
    for customer in &customers {
        eventually(|| async {
            anyhow::ensure!(!customer.notifications().await?.is_empty(), "nothing to be sent yet");
            Ok(())
        })
        .await?;
    }
    // It comes when all is written down: how long the group takes to share its topics anew is not the question.
    let other = app.another().await?;
    for customer in &customers {
        customer.await_notification("welcome", "delivered").await?;
        assert_eq!(app.mails(&customer.email).await?.len(), 1);
    }
    other.stop().await
}

#[tokio::test]
async fn a_provider_that_fails_again_and_again_is_left_alone_for_a_while() -> Result<()> {
    let app = TestApp::start().await?;
    let customers = (0..8).map(|_| app.customer()).collect::<Result<Vec<_>>>()?;
    app.arm("sendgrid", &json!({"mode": "error", "ttl_seconds": 60})).await?;
    for customer in &customers {
        app.publish(&customer.registered()).await?;
    }
    eventually(|| async {
        let metrics = app.metrics().await?;
        let is_open = metrics.lines().any(|line| {
            line.starts_with("circuit_breaker_state")
                && line.contains("sendgrid")
                && line.ends_with(" 2")
        });
        anyhow::ensure!(is_open, "the breaker is not open");
        Ok(())
    })
    .await?;
    for customer in &customers {
        customer.await_notification("welcome", "pending").await?;
    }
    Ok(())
}
