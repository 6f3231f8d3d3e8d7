//! Faults: armed for some, over by themselves, and seen in the ledger for what they were.

use anyhow::{Result, ensure};
use ecotrack_chassis::test_support::eventually;
use serde_json::json;

use crate::helpers::{Charge, TestApp, outcomes};

#[tokio::test]
async fn a_fault_befalls_only_what_it_names() -> Result<()> {
    let app = TestApp::start().await?;
    let (hit, spared) = (Charge::new(), Charge::new());
    app.arm("stripe", &json!({"mode": "error", "ttl_seconds": 60, "match": hit.order}))
        .await?
        .expect(200)?;
    app.charge(&hit).await?.expect(500)?;
    app.charge(&spared).await?.expect(200)?;
    assert_eq!(outcomes(&app.ledger(&hit.order).await?), ["failed"]);
    assert_eq!(app.client().get("/faults").await?.json()["faults"][0]["hits"], 1);
    Ok(())
}

#[tokio::test]
async fn a_decline_on_demand_is_a_decline() -> Result<()> {
    let app = TestApp::start().await?;
    app.arm("stripe", &json!({"mode": "decline", "ttl_seconds": 60})).await?.expect(200)?;
    app.charge(&Charge::new()).await?.expect(402)?;
    Ok(())
}

#[tokio::test]
async fn a_reset_takes_the_money_and_the_same_key_learns_of_it_later() -> Result<()> {
    let app = TestApp::start().await?;
    let charge = Charge::new();
    app.arm("stripe", &json!({"mode": "reset", "ttl_seconds": 60})).await?.expect(200)?;
    assert!(app.charge(&charge).await.is_err(), "the connection should break");
    app.client().delete("/faults/stripe").await?.expect(204)?;
    app.charge(&charge).await?.expect(200)?;
    assert_eq!(outcomes(&app.ledger(&charge.order).await?), ["replayed", "accepted"]);
    Ok(())
}

#[tokio::test]
async fn a_delayed_answer_comes_after_its_effect() -> Result<()> {
    let app = TestApp::start().await?;
    let charge = Charge::new();
    app.arm("stripe", &json!({"mode": "delay", "ttl_seconds": 60, "delay_ms": 300}))
        .await?
        .expect(200)?;
    let began = std::time::Instant::now();
    app.charge(&charge).await?.expect(200)?;
    assert!(began.elapsed().as_millis() >= 300);
    assert_eq!(outcomes(&app.ledger(&charge.order).await?), ["accepted"]);
    Ok(())
}

#[tokio::test]
async fn a_fault_ends_by_itself() -> Result<()> {
    let app = TestApp::start().await?;
    app.arm("stripe", &json!({"mode": "hang", "ttl_seconds": 1})).await?.expect(200)?;
    eventually(|| async {
        let faults = app.client().get("/faults").await?.json();
        ensure!(faults["faults"].as_array().is_some_and(Vec::is_empty), "{faults}");
        Ok(())
    })
    .await?;
    app.charge(&Charge::new()).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn a_fault_without_an_end_is_refused() -> Result<()> {
    let app = TestApp::start().await?;
    for fault in [
        json!({"mode": "hang", "ttl_seconds": 301}),
        json!({"mode": "hang"}),
        json!({"mode": "melt", "ttl_seconds": 1}),
    ] {
        app.arm("stripe", &fault).await?.expect_problem(422)?;
    }
    app.arm("visa", &json!({"mode": "hang", "ttl_seconds": 1})).await?.expect_problem(404)?;
    Ok(())
}

#[tokio::test]
async fn an_answer_that_is_lost_was_an_effect_all_the_same() -> Result<()> {
    let app = TestApp::start().await?;
    let charge = Charge::new();
    app.arm("stripe", &json!({"mode": "answer_lost", "ttl_seconds": 1})).await?.expect(200)?;
    assert!(app.charge(&charge).await.is_err(), "no answer should come");
    assert_eq!(outcomes(&app.ledger(&charge.order).await?), ["accepted"]);
    Ok(())
}
