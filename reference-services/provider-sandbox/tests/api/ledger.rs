//! The ledger is a witness: complete, ordered, unchangeable.

use anyhow::Result;

use crate::helpers::{Charge, TestApp};

#[tokio::test]
async fn nobody_can_change_or_remove_an_entry() -> Result<()> {
    let app = TestApp::start().await?;
    app.charge(&Charge::new()).await?.expect(200)?;
    let mut conn = app.fixture.database.connect().await?;
    for tampering in [
        "UPDATE provider_sandbox.ledger SET outcome = 'declined'",
        "DELETE FROM provider_sandbox.ledger",
        "TRUNCATE provider_sandbox.ledger",
    ] {
        let refused = sqlx::raw_sql(tampering).execute(&mut conn).await;
        assert!(refused.unwrap_err().to_string().contains("append-only"), "{tampering}");
    }
    Ok(())
}

#[tokio::test]
async fn an_entry_knows_a_credential_by_its_fingerprint_only() -> Result<()> {
    let app = TestApp::start().await?;
    let charge = Charge::new();
    app.charge(&charge).await?.expect(200)?;
    let entries = app.ledger(&charge.key).await?;
    let credential = entries[0]["body"]["credential"].as_str().unwrap_or_default();
    assert!(credential.starts_with("sha256:"), "{credential}");
    assert!(app.ledger("sk_test_1").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn entries_come_newest_first_and_as_many_as_asked_for() -> Result<()> {
    let app = TestApp::start().await?;
    let (first, second) = (Charge::new(), Charge::new());
    app.charge(&first).await?.expect(200)?;
    app.charge(&second).await?.expect(200)?;
    let newest = app.client().get("/ledger?provider=stripe&limit=1").await?.expect(200)?.json();
    assert_eq!(newest.as_array().map(Vec::len), Some(1));
    assert_eq!(newest[0]["idempotency_key"], second.key);
    app.client().get("/ledger?provider=visa").await?.expect_problem(422)?;
    Ok(())
}

#[tokio::test]
async fn the_ledger_is_read_to_its_beginning_page_by_page() -> Result<()> {
    let app = TestApp::start().await?;
    for _ in 0..5 {
        app.charge(&Charge::new()).await?.expect(200)?;
    }
    let (mut read, mut before) = (Vec::new(), String::new());
    loop {
        let page = app.client().get(&format!("/ledger?limit=2{before}")).await?.expect(200)?.json();
        let ids: Vec<_> =
            page.as_array().into_iter().flatten().map(|entry| entry["id"].clone()).collect();
        let Some(last) = ids.last() else { break };
        before = format!("&before={last}");
        read.extend(ids);
    }
    assert_eq!(read, [5, 4, 3, 2, 1]);
    Ok(())
}
