//! What users want to be told is theirs to say, within reason.

use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

use crate::helpers::{TestApp, preferences};

const PATH: &str = "/api/notifications/preferences";

#[tokio::test]
async fn what_was_said_is_what_is_read_and_nobody_elses() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, other) = (app.customer()?, app.customer()?);
    assert_eq!(customer.client.get(PATH).await?.expect(200)?.json(), preferences());
    let mut wanted = preferences();
    wanted["phone"] = json!("+4915112345678");
    wanted["sms"]["payments"] = json!(true);
    wanted["email"]["orders"] = json!(false);
    for _ in 0..2 {
        assert_eq!(customer.put_preferences(&wanted).await?.expect(200)?.json(), wanted);
    }
    assert_eq!(customer.client.get(PATH).await?.expect(200)?.json(), wanted);
    assert_eq!(other.client.get(PATH).await?.expect(200)?.json(), preferences());
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_had_is_refused_with_a_pointer_to_it() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let changed = |pointer: &str, value: Value| {
        let mut document = preferences();
        if let Some(place) = document.pointer_mut(pointer) {
            *place = value;
        }
        document
    };
    for (pointer, document) in [
        ("/email/security", changed("/email/security", json!(false))),
        ("/phone", changed("/sms/orders", json!(true))),
        ("/phone", changed("/phone", json!("0151 123"))),
        ("/phone", changed("/phone", json!(4915))),
        ("/sms/orders", changed("/sms/orders", json!("yes"))),
        ("/sms", changed("/sms", json!({"account": true}))),
        ("/email", changed("/email", json!([true, true, true, true]))),
        ("/email/marketing", changed("/email", json!({"marketing": true}))),
        ("/user_id", json!({"user_id": customer.user_id})),
        ("", json!([])),
    ] {
        let problem = customer.put_preferences(&document).await?.expect_problem(422)?.json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{document}");
        // With its blank: a trace id may well hold these digits.
        assert!(!problem.to_string().contains("0151 123"), "{problem}");
    }
    assert_eq!(customer.client.get(PATH).await?.expect(200)?.json(), preferences());
    Ok(())
}

#[tokio::test]
async fn what_is_no_request_of_ours_is_refused() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let client = &customer.client;
    let put = async |kind: &'static str, body: String| {
        let request = client.request(Method::PUT, PATH)?.header("content-type", kind).body(body);
        client.send(request).await
    };
    put("application/json", "{".to_owned()).await?.expect_problem(400)?;
    put("application/json", r#"{"phone":"\u0000"}"#.to_owned()).await?.expect_problem(400)?;
    put("text/plain", preferences().to_string()).await?.expect_problem(415)?;
    put("application/json", " ".repeat(1024 * 1024 + 1)).await?.expect_problem(413)?;
    let wrong = customer.client.delete(PATH).await?.expect_problem(405)?;
    assert!(wrong.header("allow").contains("PUT"), "{wrong:?}");
    let stranger = app.client()?;
    stranger.get(PATH).await?.expect_problem(401)?;
    let request = stranger.request(Method::PUT, PATH)?.json(&preferences());
    stranger.send(request).await?.expect_problem(401)?;
    Ok(())
}
