//! Every operation of the document against who may ask for it.

use anyhow::Result;
use ecotrack_chassis::test_support::access::{Operation, only_public, operations, refused};

use crate::helpers::{TestApp, id_of};

/// Webhooks are signed instead.
const PUBLIC: [(&str, &str); 1] = [("POST", "/api/payments/webhooks/{gateway}")];

#[tokio::test]
async fn only_these_operations_need_no_token() -> Result<()> {
    let app = TestApp::start().await?;
    only_public(&app.anonymous(), &PUBLIC).await
}

#[tokio::test]
async fn somebody_elses_payment_is_not_there_on_any_route() -> Result<()> {
    let app = TestApp::start().await?;
    let (owner, other) = (app.customer()?, app.customer()?);
    let payment = owner.pay_by_card().await?.expect(201)?.json();
    let payment_id = id_of(&payment)?;
    let mut about_one = operations(&app.anonymous()).await?;
    about_one.retain(|operation| operation.path.contains("{payment_id}"));
    let about_this =
        about_one.into_iter().map(|operation| operation.with("payment_id", payment_id));
    refused(&other.client, &about_this.collect::<Vec<Operation>>(), 2, 404).await?;
    let read = owner.client.get(&format!("/api/payments/{payment_id}")).await?.expect(200)?;
    assert_eq!(read.json(), payment);
    Ok(())
}
