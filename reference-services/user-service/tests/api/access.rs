//! Every operation of the document against who may ask for it.

use anyhow::Result;
use ecotrack_chassis::test_support::access::{Operation, only_public, operations, refused};

use crate::helpers::TestApp;

/// What anybody may ask.
const PUBLIC: [(&str, &str); 4] = [
    ("GET", "/.well-known/jwks.json"),
    ("POST", "/api/users/login"),
    ("POST", "/api/users/refresh"),
    ("POST", "/api/users/register"),
];

/// The operations that are for administrators, or those that are not.
async fn those(app: &TestApp, are_for_admins: bool) -> Result<Vec<Operation>> {
    let mut found = operations(app.client()).await?;
    found.retain(|operation| (operation.tag == "administration") == are_for_admins);
    Ok(found)
}

#[tokio::test]
async fn only_these_operations_need_no_token() -> Result<()> {
    let app = TestApp::start().await?;
    only_public(app.client(), &PUBLIC).await
}

#[tokio::test]
async fn a_customer_may_ask_nothing_that_is_for_admins() -> Result<()> {
    let app = TestApp::start().await?;
    let (ann, bob) = (app.session().await?, app.session().await?);
    let about_bob = |operation: Operation| operation.with("id", &bob.user_id).with("role", "admin");
    let operations: Vec<_> = those(&app, true).await?.into_iter().map(about_bob).collect();
    refused(&ann.client, &operations, 3, 403).await?;
    bob.client.get("/api/users/me").await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn what_is_anothers_is_not_there() -> Result<()> {
    let app = TestApp::start().await?;
    let (ann, bob) = (app.session().await?, app.session().await?);
    let mut operations = those(&app, false).await?;
    operations.retain(|operation| operation.path.contains("{id}"));
    for id in [&bob.user_id, &bob.id] {
        let about_bob = operations.iter().cloned().map(|operation| operation.with("id", id));
        refused(&ann.client, &about_bob.collect::<Vec<_>>(), 2, 404).await?;
    }
    bob.client.get("/api/users/me").await?.expect(200)?;
    Ok(())
}
