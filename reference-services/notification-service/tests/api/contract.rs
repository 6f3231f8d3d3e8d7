//! The committed interface is the one the service has.

use anyhow::Result;
use ecotrack_chassis::test_support::contract::assert_committed;

use crate::helpers::TestApp;

#[tokio::test]
async fn the_committed_interface_is_the_one_served() -> Result<()> {
    let app = TestApp::start().await?;
    let served = app.client()?.get("/openapi.json").await?.expect(200)?.json();
    assert_eq!(served["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    assert_committed(
        "../contracts/openapi/notification-service.json",
        &serde_json::to_string_pretty(&served)?,
    )
}
