//! Money goes back once and never more than was taken.

use anyhow::Result;
use futures::future::try_join_all;

use crate::helpers::{Charge, TestApp};

#[tokio::test]
async fn parts_go_back_until_nothing_is_left() -> Result<()> {
    let app = TestApp::start().await?;
    let intent = app.charge(&Charge::new()).await?.expect(200)?.json()["id"].clone();
    let intent = intent.as_str().unwrap_or_default();
    app.refund_part(intent, "r-1", "999").await?.expect(200)?;
    app.refund_part(intent, "r-2", "1001").await?.expect(400)?;
    app.refund(intent, "r-3").await?.expect(200)?;
    let refused = app.refund(intent, "r-4").await?.expect(400)?.json();
    assert_eq!(refused["error"]["code"], "charge_already_refunded");
    app.refund_part(intent, "r-1", "999").await?.expect(200)?;
    let path = format!("/stripe/v1/refunds?payment_intent={intent}");
    let list = app.client().get(&path).await?.expect(200)?.json();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[tokio::test]
async fn refunds_at_once_do_not_take_more_than_there_is() -> Result<()> {
    let app = TestApp::start().await?;
    let intent = app.charge(&Charge::new()).await?.expect(200)?.json()["id"].clone();
    let intent = intent.as_str().unwrap_or_default();
    let keys: Vec<_> = (0..8).map(|key| format!("r-{key}")).collect();
    let answers = try_join_all(keys.iter().map(|key| app.refund_part(intent, key, "900"))).await?;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 2);
    let entries = app.ledger(intent).await?;
    let back = entries.iter().filter(|entry| entry["parent"] == intent);
    assert_eq!(back.filter_map(|entry| entry["amount_minor"].as_i64()).sum::<i64>(), 1800);
    Ok(())
}
