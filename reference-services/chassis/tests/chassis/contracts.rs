//! The helpers that hold contracts: they must be able to fail.

use anyhow::Result;
use ecotrack_chassis::test_support::{
    Client,
    contract::{HttpExpectation, Stub, Variables, assert_committed},
};
use serde_json::json;

fn expectation() -> Result<HttpExpectation> {
    Ok(serde_json::from_value(json!({
        "given": "a thing",
        "request": {"method": "POST", "path": "/things/${id}", "headers": {"idempotency-key": "${id}"}, "body": {"quantity": 1}},
        "response": {"status": 201, "body": {"id": "${id}", "price": "1.00"}}
    }))?)
}

fn variables() -> Variables {
    Variables::new([("id", "7".to_owned())])
}

#[tokio::test]
async fn a_stub_made_of_an_expectation_fulfils_it() -> Result<()> {
    let stub = Stub::start(vec![expectation()?], variables()).await?;
    let provider = Client::new(stub.url.clone())?;
    expectation()?.verify(&provider, &variables()).await?;
    stub.verify()
}

#[tokio::test]
async fn a_provider_that_drifted_does_not_fulfil_it() -> Result<()> {
    let drifts = [
        ("/response/status", json!(200)),
        ("/response/body/id", json!("8")),
        ("/response/body/price", json!(1)),
        ("/response/body", json!({"id": "7"})),
    ];
    for (place, value) in drifts {
        let mut drifted = serde_json::to_value(expectation()?)?;
        if let Some(slot) = drifted.pointer_mut(place) {
            *slot = value;
        }
        let stub = Stub::start(vec![serde_json::from_value(drifted)?], variables()).await?;
        let outcome = expectation()?.verify(&Client::new(stub.url.clone())?, &variables()).await;
        assert!(outcome.is_err(), "{place}");
    }
    Ok(())
}

#[tokio::test]
async fn a_consumer_that_asks_something_else_is_refused_and_reported() -> Result<()> {
    let stub = Stub::start(vec![expectation()?], variables()).await?;
    let client = Client::new(stub.url.clone())?;
    client.post("/things/7", &json!({"quantity": 1})).await?.expect(501)?;
    client.post_with_key("/things/7", &json!({"quantity": "1"}), "7").await?.expect(501)?;
    client.post_with_key("/things/8", &json!({"quantity": 1}), "7").await?.expect(501)?;
    let report = stub.verify().unwrap_err().to_string();
    assert!(
        report.contains("no header idempotency-key") && report.contains("/quantity"),
        "{report}"
    );
    Ok(())
}

#[test]
fn a_document_that_is_not_the_committed_one_is_refused_with_its_first_different_line() -> Result<()>
{
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("document.json");
    std::fs::write(&path, "a\nb\n")?;
    let path = path.display().to_string();
    assert_committed(&path, "a\nb")?;
    let error = assert_committed(&path, "a\nc").unwrap_err().to_string();
    assert!(error.contains("from line 2"), "{error}");
    assert!(assert_committed(&format!("{path}.missing"), "a").is_err());
    Ok(())
}
