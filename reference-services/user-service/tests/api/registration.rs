//! Opening an account.

use anyhow::Result;
use ecotrack_events::{Event, Topic};
use serde_json::json;

use crate::helpers::{Customer, TestApp, count_events};

#[tokio::test]
async fn a_new_customer_can_log_in_afterwards_and_is_announced() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    app.register(&customer).await?.expect(202)?;
    let login = app.login(&customer.email, &customer.password).await?.expect(200)?.json();
    let user_id = login["user_id"].as_str().unwrap();
    let record = app.fixture.kafka.await_event(Topic::User, "UserRegisteredEvent", user_id).await?;
    assert_eq!(record.headers["ce_source"], "user-service");
    let Event::UserRegistered(event) = record.envelope()?.event else { panic!("another event") };
    assert_eq!(event.email, customer.email);
    Ok(())
}

#[tokio::test]
async fn registering_twice_looks_the_same_and_changes_nothing() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    let first = app.register(&customer).await?.expect(202)?;
    let intruder =
        Customer { password: "another password".to_owned(), email: customer.email.to_uppercase() };
    let second = app.register(&intruder).await?.expect(202)?;
    assert_eq!(first.text, second.text);
    app.login(&customer.email, &intruder.password).await?.expect(401)?;
    app.login(&customer.email, &customer.password).await?.expect(200)?;
    assert_eq!(count_events(&app, "registered_at").await?, 1);
    Ok(())
}

#[tokio::test]
async fn passwords_are_stored_as_argon2id_hashes_only() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    app.register(&customer).await?.expect(202)?;
    let mut database = app.fixture.database.connect().await?;
    let hash: String = sqlx::query_scalar("select password_hash from user_service.users")
        .fetch_one(&mut database)
        .await?;
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    Ok(())
}

#[tokio::test]
async fn everything_wrong_is_named_at_once() -> Result<()> {
    let app = TestApp::start().await?;
    let request =
        json!({"email": "nobody", "password": "short", "first_name": "", "last_name": "b\u{7}"});
    let answer = app.client().post("/api/users/register", &request).await?.expect_problem(422)?;
    let errors = answer.json()["errors"].clone();
    let pointers: Vec<_> =
        errors.as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(pointers, ["/email", "/password", "/first_name", "/last_name"]);
    Ok(())
}

#[tokio::test]
async fn passwords_have_12_to_128_bytes() -> Result<()> {
    let app = TestApp::start().await?;
    let umlauts = "\u{e4}\u{f6}".repeat(33);
    let long = "ab".repeat(64);
    for (password, status) in [
        ("eleven-byte", 422),
        ("twelve-bytes", 202),
        (&long, 202),
        (&umlauts, 422),
        ("aaaaaaaaaaaa", 422),
    ] {
        let customer = Customer { password: password.to_owned(), ..Customer::new() };
        app.register(&customer).await?.expect(status)?;
    }
    let too_long = "ab".repeat(65);
    app.login("ann@example.com", &too_long).await?.expect_problem(422)?;
    Ok(())
}

#[tokio::test]
async fn addresses_that_could_forge_a_header_or_pass_for_another_are_refused() -> Result<()> {
    let app = TestApp::start().await?;
    for email in [
        "ann@example.com\r\nBcc: eve@example.com",
        "ann@example.com\n",
        "\u{430}nn@example.com",
        "ann@ex\u{430}mple.com",
        "ann@example\u{3002}com",
        "ann@example.com\u{200b}",
        "\u{ff41}nn@example.com",
        " ann@example.com",
        "ann@127.0.0.1",
    ] {
        let customer = Customer { email: email.to_owned(), ..Customer::new() };
        let registered = app.register(&customer).await?.expect_problem(422)?;
        assert_eq!(registered.json()["errors"][0]["pointer"], "/email");
        app.login(email, "a password").await?.expect_problem(422)?;
    }
    Ok(())
}

#[tokio::test]
async fn an_account_is_found_however_its_address_is_capitalised() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    app.register(&customer).await?.expect(202)?;
    app.login(&customer.email.to_uppercase(), &customer.password).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn nobody_gives_themselves_a_role() -> Result<()> {
    let app = TestApp::start().await?;
    let mut request = Customer::new().registration();
    request["roles"] = json!(["admin"]);
    let answer = app.client().post("/api/users/register", &request).await?.expect_problem(422)?;
    assert_eq!(answer.json()["errors"][0]["pointer"], "/roles");
    Ok(())
}

#[tokio::test]
async fn only_new_accounts_are_counted() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    let mut request = customer.registration();
    request["source"] = json!("mobile");
    app.client().post("/api/users/register", &request).await?.expect(202)?;
    app.client().post("/api/users/register", &request).await?.expect(202)?;
    let metrics = app.metrics().await?;
    let line = r#"user_registrations_total{registration_type="email",source="mobile"} 1"#;
    assert!(metrics.lines().any(|found| found == line), "{metrics}");
    Ok(())
}
