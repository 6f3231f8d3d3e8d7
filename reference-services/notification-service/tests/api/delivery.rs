//! What happens to a customer is told once, and followed until it has arrived.

use anyhow::Result;
use ecotrack_chassis::test_support::eventually;
use ecotrack_events::Event;
use serde_json::json;
use sqlx::Connection as _;

use crate::helpers::{TestApp, preferences};

#[tokio::test]
async fn a_new_customer_is_welcomed_by_a_mail_that_arrives() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.publish(&customer.registered()).await?;
    let notification = customer.await_notification("welcome", "delivered").await?;
    let mails = app.mails(&customer.email).await?;
    assert_eq!(mails.len(), 1);
    let mail = &mails[0]["body"]["request"];
    assert_eq!(
        mail["custom_args"],
        json!({"notification_id": notification["notification_id"], "template": "welcome"})
    );
    assert_eq!(mail["content"][0]["value"], "Hello Ann, thank you for joining EcoTrack.");
    assert_eq!(mail["content"][1]["type"], "text/html");
    let id = notification["notification_id"].as_str().unwrap_or_default();
    for event_type in ["NotificationSentEvent", "NotificationDeliveredEvent"] {
        assert_eq!(app.await_event(event_type, id).await?["template"], "welcome");
    }
    Ok(())
}

#[tokio::test]
async fn the_same_event_delivered_again_is_not_told_again() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let registered = customer.registered();
    for _ in 0..3 {
        app.publish(&registered).await?;
    }
    // Another registration of the same user has the same key, so it comes after all three.
    let marker = customer.registered();
    app.publish(&marker).await?;
    eventually(|| async {
        let found = customer.notifications().await?.len();
        anyhow::ensure!(found >= 2, "{found} notifications");
        Ok(())
    })
    .await?;
    assert_eq!(customer.notifications().await?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn a_mail_waits_for_its_address_when_the_events_come_in_another_order() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.publish(&customer.order_cancelled()).await?;
    customer.await_notification("order_cancelled", "pending").await?;
    app.publish(&customer.registered()).await?;
    customer.await_notification("order_cancelled", "delivered").await?;
    Ok(())
}

#[tokio::test]
async fn a_provider_that_is_broken_is_asked_again() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("sendgrid", &json!({"mode": "error", "ttl_seconds": 60})).await?;
    app.publish(&customer.registered()).await?;
    eventually(|| async {
        let mails = app.mails(&customer.email).await?;
        anyhow::ensure!(
            mails.iter().any(|mail| mail["outcome"] == "failed"),
            "the provider was not asked yet"
        );
        Ok(())
    })
    .await?;
    app.disarm("sendgrid").await?;
    customer.await_notification("welcome", "delivered").await?;
    Ok(())
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_told_as_failed() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("sendgrid", &json!({"mode": "decline", "ttl_seconds": 60})).await?;
    app.publish(&customer.registered()).await?;
    let notification = customer.await_notification("welcome", "failed").await?;
    let id = notification["notification_id"].as_str().unwrap_or_default();
    assert_eq!(app.await_event("NotificationFailedEvent", id).await?["reason"], "refused");
    assert_eq!(app.mails(&customer.email).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn who_does_not_want_mail_gets_none() -> Result<()> {
    let app = TestApp::start().await?;
    let (quiet, other) = (app.customer()?, app.customer()?);
    let mut unwanted = preferences();
    unwanted["email"]["account"] = json!(false);
    quiet.put_preferences(&unwanted).await?.expect(200)?;
    app.publish(&quiet.registered()).await?;
    eventually(|| async {
        let mut conn = app.fixture.database.connect().await?;
        let learnt: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM notification_service.recipients WHERE user_id = $1",
        )
        .bind(quiet.user_id)
        .fetch_one(&mut conn)
        .await?;
        anyhow::ensure!(learnt == 1, "the event was not handled yet");
        Ok(())
    })
    .await?;
    app.publish(&other.registered()).await?;
    other.await_notification("welcome", "delivered").await?;
    assert!(quiet.notifications().await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_changed_address_is_told_to_the_old_one() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.publish(&customer.registered()).await?;
    customer.await_notification("welcome", "delivered").await?;
    app.publish(&customer.moved_to("elsewhere@example.net")).await?;
    customer.await_notification("email_changed", "delivered").await?;
    assert!(app.mails("elsewhere@example.net").await?.is_empty());
    assert_eq!(app.mails(&customer.email).await?.len(), 2);
    // From now on the new address is the one.
    app.publish(&customer.order_cancelled()).await?;
    customer.await_notification("order_cancelled", "delivered").await?;
    assert_eq!(app.mails("elsewhere@example.net").await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_name_is_no_markup_in_the_mail() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let mut registered = customer.registered();
    if let Event::UserRegistered(user) = &mut registered.event {
        user.first_name = "<script>Ann</script>".to_owned();
    }
    app.publish(&registered).await?;
    customer.await_notification("welcome", "delivered").await?;
    let html = app.mails(&customer.email).await?[0]["body"]["request"]["content"][1].to_string();
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script>"), "{html}");
    Ok(())
}

#[tokio::test]
async fn a_new_key_is_used_at_once() -> Result<()> {
    let app = TestApp::start().await?;
    let (before, after) = (app.customer()?, app.customer()?);
    app.publish(&before.registered()).await?;
    before.await_notification("welcome", "delivered").await?;
    app.fixture.secret("sendgrid-api-key", "SG.rotated")?;
    app.publish(&after.registered()).await?;
    after.await_notification("welcome", "delivered").await?;
    let (old, new) = (app.mails(&before.email).await?, app.mails(&after.email).await?);
    assert_eq!((old.len(), new.len()), (1, 1));
    assert_ne!(old[0]["body"]["credential"], new[0]["body"]["credential"]);
    Ok(())
}

/// Puts the only notification before one more attempt, after so many.
async fn set(app: &TestApp, status: &str, reference: Option<&str>, attempts: i32) -> Result<()> {
    let mut conn = app.fixture.database.connect().await?;
    let change = "UPDATE notification_service.notifications SET status = $1, provider_reference = $2, attempts = $3,
         next_attempt_at = now()";
    let change = sqlx::query(change).bind(status).bind(reference).bind(attempts);
    change.execute(&mut conn).await?;
    Ok(())
}

/// Waits until an attempt at the only notification is over, and says where that stands.
async fn await_attempt(app: &TestApp) -> Result<String> {
    eventually(|| async {
        let mut conn = app.fixture.database.connect().await?;
        let found: Option<String> = sqlx::query_scalar(
            "SELECT status FROM notification_service.notifications
             WHERE next_attempt_at IS NULL OR next_attempt_at BETWEEN now() + interval '3 s' AND now() + interval '14 s'",
        )
        .fetch_optional(&mut conn)
        .await?;
        found.ok_or_else(|| anyhow::anyhow!("the attempt is not over"))
    })
    .await
}

#[tokio::test]
async fn a_mail_waits_for_a_credential_that_its_provider_takes() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    // The file is there, as in a rotation that went wrong, but holds nothing.
    app.fixture.secret("sendgrid-api-key", "")?;
    app.publish(&customer.registered()).await?;
    customer.await_notification("welcome", "pending").await?;
    set(&app, "pending", None, 9).await?;
    assert_eq!(await_attempt(&app).await?, "pending");
    app.fixture.secret("sendgrid-api-key", "SG.mended")?;
    app.end_leases().await?;
    customer.await_notification("welcome", "delivered").await?;
    Ok(())
}

#[tokio::test]
async fn a_mail_that_its_provider_does_not_list_yet_has_not_failed() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.publish(&customer.registered()).await?;
    customer.await_notification("welcome", "delivered").await?;
    set(&app, "sent", Some("unlisted"), 3).await?;
    assert_eq!(await_attempt(&app).await?, "sent");
    Ok(())
}

#[tokio::test]
async fn an_attempt_that_leads_nowhere_does_not_undo_a_wakening() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.arm("sendgrid", &json!({"mode": "hang", "ttl_seconds": 60})).await?;
    app.publish(&customer.registered()).await?;
    let mut conn = app.fixture.database.connect().await?;
    let under_way = "SELECT count(*) FROM notification_service.notifications WHERE attempts = 1";
    eventually(|| async {
        let count: i64 = sqlx::query_scalar(under_way)
            .fetch_one(&mut app.fixture.database.connect().await?)
            .await?;
        anyhow::ensure!(count == 1, "no attempt is under way");
        Ok(())
    })
    .await?;
    let mut wakening = conn.begin().await?;
    let woken = "UPDATE notification_service.notifications SET attempts = 40, next_attempt_at = now() + interval '1 hour'";
    sqlx::query(woken).execute(&mut *wakening).await?;
    app.fixture.database.await_waiting("transactionid").await?;
    wakening.commit().await?;
    let attempts = "SELECT attempts FROM notification_service.notifications FOR UPDATE";
    let attempts: i32 = sqlx::query_scalar(attempts).fetch_one(&mut conn).await?;
    assert_eq!(attempts, 40);
    Ok(())
}

#[tokio::test]
async fn whoever_becomes_known_late_has_not_used_up_any_patience() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.publish(&customer.order_cancelled()).await?;
    customer.await_notification("order_cancelled", "pending").await?;
    set(&app, "pending", None, 60).await?;
    app.arm("sendgrid", &json!({"mode": "error", "ttl_seconds": 60})).await?;
    app.publish(&customer.registered()).await?;
    eventually(|| async {
        let mut conn = app.fixture.database.connect().await?;
        let tried: Option<i32> = sqlx::query_scalar(
            "SELECT attempts FROM notification_service.notifications n JOIN notification_service.messages m
                 ON m.notification_id = n.id WHERE n.template = 'order_cancelled' AND n.status = 'pending'",
        )
        .fetch_optional(&mut conn)
        .await?;
        anyhow::ensure!(tried.is_some_and(|tried| tried < 60), "{tried:?} attempts");
        Ok(())
    })
    .await?;
    app.disarm("sendgrid").await?;
    customer.await_notification("order_cancelled", "delivered").await?;
    Ok(())
}
