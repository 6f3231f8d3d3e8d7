//! The interface as it is written down, and as its consumers use it.

use std::collections::HashSet;

use anyhow::{Context as _, Result, bail};
use ecotrack_chassis::test_support::contract::{Variables, addressed_to, assert_committed};
use serde_json::Value;
use uuid::Uuid;

use crate::helpers::TestApp;

#[tokio::test]
async fn the_committed_document_is_what_the_service_says_of_itself() -> Result<()> {
    let app = TestApp::start().await?;
    let document = app.get("/openapi.json").await?;
    assert!(document["openapi"].as_str().context("no version")?.starts_with("3.1"));
    let text = serde_json::to_string_pretty(&document)?;
    assert_committed("../contracts/openapi/product-service.json", &text)
}

#[tokio::test]
async fn every_operation_says_what_it_answers_and_to_whom() -> Result<()> {
    let app = TestApp::start().await?;
    let document = app.get("/openapi.json").await?;
    let paths = document["paths"].as_object().context("no paths")?;
    let operations = paths.values().filter_map(Value::as_object).flatten();
    let mut names = HashSet::new();
    for (method, operation) in operations {
        let responses = operation["responses"].as_object().context("no responses")?;
        assert!(responses.keys().any(|status| status.starts_with('2')), "{operation}");
        assert!(responses.contains_key("503"), "{operation}");
        let is_secured = operation.get("security").is_some();
        assert_eq!(responses.contains_key("401"), is_secured, "{method} {operation}");
        assert!(names.insert(operation["operationId"].to_string()), "a name twice: {operation}");
    }
    assert_eq!(names.len(), 13);
    Ok(())
}

#[tokio::test]
async fn we_answer_as_our_consumers_expect() -> Result<()> {
    let app = TestApp::start().await?;
    let mut verified = 0;
    for addressed in addressed_to("product-service")? {
        let expectation = addressed.expectation.http()?;
        let variables = bring_about(&app, &expectation.given).await?;
        let name = format!("{} of {}: {}", addressed.name, addressed.consumer, expectation.given);
        expectation.verify(app.client(), &variables).await.context(name)?;
        verified += 1;
    }
    assert!(verified > 0, "nobody expects anything");
    Ok(())
}

/// Makes true what an expectation begins with.
async fn bring_about(app: &TestApp, given: &str) -> Result<Variables> {
    let order = Uuid::new_v4();
    let product = match given {
        "there is no such product" => Uuid::new_v4().to_string(),
        "one piece of the product is left" => app.product_with_stock(1).await?,
        _ => app.product_with_stock(5).await?,
    };
    match given {
        "stock is held for the order" | "the very same is held for the order" => {
            app.reserve(order, &product, 2).await?.expect(201)?;
        }
        "something else is held for the order" => {
            app.reserve(order, &product, 1).await?.expect(201)?;
        }
        "what was held for the order was given back" => {
            app.reserve(order, &product, 2).await?.expect(201)?;
            app.release(order).await?.expect(204)?;
        }
        "there is no such product"
        | "nothing is held for the order"
        | "one piece of the product is left"
        | "the product costs EUR and is in stock" => {}
        other => bail!("nobody knows how to bring about that {other}"),
    }
    Ok(Variables::new([
        ("token", app.issuer.token(Uuid::new_v4(), &["customer"])?),
        ("product_id", product),
        ("order_id", order.to_string()),
    ]))
}
