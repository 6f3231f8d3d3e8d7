//! Every operation of the document against who may ask for it. A new route is in here by itself.

use anyhow::{Result, ensure};
use axum::http::Method;
use serde_json::Value;

use crate::helpers::{Session, TestApp};

/// What anybody may ask.
const PUBLIC: [(&str, &str); 4] = [
    ("GET", "/.well-known/jwks.json"),
    ("POST", "/api/users/login"),
    ("POST", "/api/users/refresh"),
    ("POST", "/api/users/register"),
];
/// Fewer operations than this and the document was not read.
const AT_LEAST: usize = 12;

struct Operation {
    method: Method,
    path: String,
    is_public: bool,
    is_for_admins: bool,
    names_a_user: bool,
}

async fn operations(app: &TestApp, user_id: &str) -> Result<Vec<Operation>> {
    let document = app.client().get("/openapi.json").await?.expect(200)?.json();
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            found.push(Operation {
                method: Method::from_bytes(method.to_uppercase().as_bytes())?,
                path: path.replace("{id}", user_id).replace("{role}", "admin"),
                is_public: operation["security"] == Value::Null,
                is_for_admins: operation["tags"][0] == "administration",
                names_a_user: path.contains("{id}"),
            });
        }
    }
    ensure!(found.len() >= AT_LEAST, "only {} operations", found.len());
    Ok(found)
}

async fn status(session: &Session, operation: &Operation) -> Result<u16> {
    let client = &session.client;
    let request = client.request(operation.method.clone(), &operation.path)?;
    Ok(client.send(request.json(&serde_json::json!({}))).await?.status.as_u16())
}

#[tokio::test]
async fn only_these_operations_need_no_token() -> Result<()> {
    let app = TestApp::start().await?;
    let operations = operations(&app, &uuid::Uuid::new_v4().to_string()).await?;
    let public = operations.iter().filter(|operation| operation.is_public);
    let mut public: Vec<_> =
        public.map(|operation| (operation.method.as_str(), operation.path.as_str())).collect();
    public.sort_unstable();
    assert_eq!(public, PUBLIC);
    let stranger = Session { client: app.client().clone(), ..app.session().await? };
    for operation in operations.iter().filter(|operation| !operation.is_public) {
        let status = status(&stranger, operation).await?;
        assert_eq!(status, 401, "{} {}", operation.method, operation.path);
    }
    Ok(())
}

#[tokio::test]
async fn a_customer_may_ask_nothing_that_is_for_admins() -> Result<()> {
    let app = TestApp::start().await?;
    let (ann, bob) = (app.session().await?, app.session().await?);
    let operations = operations(&app, &bob.user_id).await?;
    let mut asked = 0;
    for operation in operations.iter().filter(|operation| operation.is_for_admins) {
        let status = status(&ann, operation).await?;
        assert_eq!(status, 403, "{} {}", operation.method, operation.path);
        asked += 1;
    }
    assert_eq!(asked, 3);
    bob.client.get("/api/users/me").await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn what_is_anothers_is_not_there() -> Result<()> {
    let app = TestApp::start().await?;
    let (ann, bob) = (app.session().await?, app.session().await?);
    for id in [&bob.user_id, &bob.id] {
        let operations = operations(&app, id).await?;
        let own = |operation: &&Operation| operation.names_a_user && !operation.is_for_admins;
        for operation in operations.iter().filter(own) {
            let status = status(&ann, operation).await?;
            assert_eq!(status, 404, "{} {}", operation.method, operation.path);
        }
    }
    bob.client.get("/api/users/me").await?.expect(200)?;
    Ok(())
}
