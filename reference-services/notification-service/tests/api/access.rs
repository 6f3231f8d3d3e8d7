//! Every operation of the document against who may ask for it.

use anyhow::Result;
use ecotrack_chassis::test_support::access::{Operation, only_public, operations, refused};

use crate::helpers::TestApp;

/// Webhooks are signed instead.
const PUBLIC: [(&str, &str); 2] = [
    ("POST", "/api/notifications/webhooks/sendgrid"),
    ("POST", "/api/notifications/webhooks/twilio"),
];

#[tokio::test]
async fn only_these_operations_need_no_token() -> Result<()> {
    let app = TestApp::start().await?;
    only_public(app.client()?, &PUBLIC).await
}

#[tokio::test]
async fn somebody_elses_notification_is_not_there_on_any_route() -> Result<()> {
    let app = TestApp::start().await?;
    let (owner, other) = (app.customer()?, app.customer()?);
    app.publish(&owner.registered()).await?;
    let notification = owner.await_notification("welcome", "delivered").await?;
    let id = notification["notification_id"].as_str().unwrap_or_default();
    let mut about_one = operations(app.client()?).await?;
    about_one.retain(|operation| operation.path.contains("{notification_id}"));
    let about_this = about_one.into_iter().map(|operation| operation.with("notification_id", id));
    let about_this: Vec<Operation> = about_this.collect();
    refused(&other.client, &about_this, 1, 404).await?;
    assert_eq!(about_this[0].ask(&owner.client).await?.expect(200)?.json(), notification);
    assert!(other.notifications().await?.is_empty());
    Ok(())
}
