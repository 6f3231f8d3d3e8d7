//! What this service has promised: its document, and what consumers expect of it.

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::test_support::contract::{
    Expectation, Variables, addressed_to, assert_committed,
};
use ecotrack_events::Topic;
use serde_json::json;

use crate::helpers::{Customer, TestApp};

#[tokio::test]
async fn the_document_is_the_committed_one() -> Result<()> {
    let app = TestApp::start().await?;
    let document = app.client().get("/openapi.json").await?.expect(200)?.json();
    ensure!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    let text = serde_json::to_string_pretty(&document)?;
    assert_committed("../contracts/openapi/user-service.json", &text)
}

#[tokio::test]
async fn consumers_get_what_they_expect() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    app.register(&customer).await?.expect(202)?;
    let (session, other) = (app.session_of(&customer).await?, app.session_of(&customer).await?);
    let variables = Variables::new([
        ("token", session.token.clone()),
        ("user_id", session.user_id.clone()),
        ("session_id", session.id.clone()),
    ]);
    let expectations = addressed_to("user-service")?;
    ensure!(!expectations.is_empty(), "nobody expects anything");
    session.change(&json!({"first_name": "Ada"})).await?.expect(200)?;
    let (mut of_events, mut before, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for addressed in expectations {
        let name = format!("{} of {}", addressed.name, addressed.consumer);
        match addressed.expectation {
            Expectation::Event(expectation) => of_events.push((name, expectation)),
            Expectation::Http(expectation) => match expectation.given.as_str() {
                "" | "the user of the token is registered" => before.push((name, expectation)),
                "the user of the token is deleted" => after.push((name, expectation)),
                other => anyhow::bail!("{name} wants that {other}, which nobody here knows of"),
            },
        }
    }
    for (name, expectation) in before {
        expectation.verify(app.client(), &variables).await.context(name)?;
    }
    other.log_out().await?.expect(204)?;
    session.erase().await?.expect(204)?;
    for (name, expectation) in after {
        expectation.verify(app.client(), &variables).await.context(name)?;
    }
    for (name, expectation) in of_events {
        let (kafka, event_type) = (&app.fixture.kafka, expectation.event_type.as_str());
        let record = kafka.await_event(Topic::User, event_type, &session.user_id).await?;
        expectation.verify(&record, &Variables::default()).context(name)?;
    }
    Ok(())
}
