//! The interface is described as it is.

use anyhow::Result;
use ecotrack_chassis::test_support::contract::assert_committed;

use crate::helpers::TestApp;

#[tokio::test]
async fn the_interface_is_the_committed_one() -> Result<()> {
    let app = TestApp::start().await?;
    let document = app.client().get("/openapi.json").await?.expect(200)?.json();
    let text = serde_json::to_string_pretty(&document)?;
    assert_committed("../contracts/openapi/provider-sandbox.json", &text)
}
