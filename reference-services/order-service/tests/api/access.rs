//! Every operation of the document against who may ask for it.

use anyhow::Result;
use ecotrack_chassis::test_support::access::{only_public, operations, refused};
use uuid::Uuid;

use crate::helpers::TestApp;

#[tokio::test]
async fn nothing_is_told_or_done_without_a_token() -> Result<()> {
    let app = TestApp::start().await?;
    only_public(app.anonymous(), &[]).await
}

#[tokio::test]
async fn somebody_elses_order_and_none_at_all_look_the_same_on_every_route() -> Result<()> {
    let app = TestApp::start().await?;
    let (owner, other, product) =
        (app.customer()?, app.customer()?, app.neighbours.product("5.00", "EUR"));
    let (foreign, missing) = (owner.placed(product).await?, Uuid::now_v7().to_string());
    let mut about_one = operations(app.anonymous()).await?;
    about_one.retain(|operation| operation.path.contains("{order_id}"));
    refused(&other.client, &about_one, 4, 404).await?;
    for operation in about_one {
        let mut bodies = Vec::new();
        for order_id in [&foreign, &missing] {
            let asked = operation.clone().with("order_id", order_id);
            let mut body = asked.ask(&other.client).await?.expect_problem(404)?.json();
            body["trace_id"].take();
            bodies.push(body);
        }
        assert_eq!(bodies[0], bodies[1], "{operation:?}");
    }
    assert_eq!(owner.status(&foreign).await?, "created");
    assert_eq!(owner.history(&foreign).await?.len(), 1);
    Ok(())
}
