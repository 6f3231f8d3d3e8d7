//! Every operation of the document against who may ask for it.

use anyhow::Result;
use ecotrack_chassis::test_support::access::{only_public, operations, refused};

use crate::helpers::TestApp;

/// What anybody may ask. Stock is given back by order-service with no customer there: who may do that is the mesh's to say.
const PUBLIC: [(&str, &str); 7] = [
    ("DELETE", "/api/products/reservations/{order_id}"),
    ("GET", "/api/products"),
    ("GET", "/api/products/categories"),
    ("GET", "/api/products/categories/{id}"),
    ("GET", "/api/products/popular"),
    ("GET", "/api/products/{id}"),
    ("GET", "/api/products/{id}/recommendations"),
];

#[tokio::test]
async fn only_these_operations_need_no_token() -> Result<()> {
    let app = TestApp::start().await?;
    only_public(app.client(), &PUBLIC).await
}

#[tokio::test]
async fn a_customer_may_ask_nothing_that_is_for_admins() -> Result<()> {
    let app = TestApp::start().await?;
    let mut operations = operations(app.client()).await?;
    operations.retain(|operation| operation.tag == "administration");
    refused(&app.customer()?, &operations, 5, 403).await
}
