//! What is no event goes to the dead-letter topic with a reason, and what comes after it is handled.

use std::collections::HashMap;

use anyhow::Result;
use ecotrack_chassis::kafka::Record;

use crate::helpers::TestApp;

async fn assert_parked(spoil: impl FnOnce(&mut Record)) -> Result<String> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let mut record = Record::of_event(&customer.registered(), HashMap::new())?;
    spoil(&mut record);
    app.fixture.kafka.producer()?.send(&record).await?;
    let key = record.key.clone();
    let parked =
        app.fixture.kafka.await_record("user-events.dlt", |parked| parked.key == key).await?;
    assert_eq!(parked.payload, record.payload, "it is parked as it came");
    // The same partition: it would wait behind a record that is tried for ever.
    app.publish(&customer.registered()).await?;
    customer.await_notification("welcome", "delivered").await?;
    Ok(parked.headers.get("x-dead-letter-reason").cloned().unwrap_or_default())
}

#[tokio::test]
async fn a_payload_that_is_not_json_is_parked() -> Result<()> {
    let reason = assert_parked(|record| record.payload = b"{".to_vec()).await?;
    assert!(reason.contains("UserRegisteredEvent"), "{reason}");
    Ok(())
}

#[tokio::test]
async fn a_payload_of_another_shape_is_parked() -> Result<()> {
    let reason = assert_parked(|record| record.payload = br#"{"user_id": 1}"#.to_vec()).await?;
    assert!(reason.contains("UserRegisteredEvent"), "{reason}");
    Ok(())
}

#[tokio::test]
async fn an_unknown_type_is_parked() -> Result<()> {
    let teleported = "UserTeleportedEvent".to_owned();
    let reason =
        assert_parked(|record| drop(record.headers.insert("ce_type".to_owned(), teleported)))
            .await?;
    assert!(reason.contains("UserTeleportedEvent"), "{reason}");
    Ok(())
}

#[tokio::test]
async fn an_unknown_version_is_parked() -> Result<()> {
    let newer =
        "https://api.ecotrack.platform.dev/schemas/events/UserRegisteredEvent/v2".to_owned();
    let reason =
        assert_parked(|record| drop(record.headers.insert("ce_dataschema".to_owned(), newer)))
            .await?;
    assert!(reason.contains("v2"), "{reason}");
    Ok(())
}

#[tokio::test]
async fn an_event_without_identity_is_parked() -> Result<()> {
    let reason = assert_parked(|record| drop(record.headers.remove("ce_id"))).await?;
    assert!(reason.contains("ce_id"), "{reason}");
    Ok(())
}
