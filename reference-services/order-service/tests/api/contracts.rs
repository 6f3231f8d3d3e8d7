//! What order-service promises, and what it expects of others, held to committed files.

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::test_support::contract::{
    Expectation, HttpExpectation, Stub, Variables, addressed_to, assert_committed, expectation,
};
use ecotrack_chassis::test_support::{Fixture, Issuer, eventually};
use ecotrack_events::Topic;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::helpers::{Customer, TestApp, keys_of};

#[tokio::test]
async fn the_committed_interface_is_the_one_the_code_has() -> Result<()> {
    let app = TestApp::start().await?;
    let document = app.anonymous().get("/openapi.json").await?.expect(200)?.json();
    let text = serde_json::to_string_pretty(&document)?;
    assert_committed("../contracts/openapi/order-service.json", &text)
}

#[tokio::test]
async fn every_event_is_as_its_consumers_expect() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let (cancelled, paid) = (customer.placed(product).await?, customer.placed(product).await?);
    customer.cancel(&cancelled).await?.expect(200)?;
    customer.open_payment(&paid).await?.expect(200)?;
    app.publish(customer.processed(&paid)?).await?;
    let mut verified = 0;
    for addressed in addressed_to(order_service::SERVICE)? {
        let Expectation::Event(expected) = addressed.expectation else { continue };
        verified += 1;
        let about = if expected.event_type == "OrderCancelledEvent" { &cancelled } else { &paid };
        let kafka = &app.fixture.kafka;
        let record = kafka.await_event(Topic::Order, &expected.event_type, about).await?;
        let outcome = expected.verify(&record, &Variables::default());
        outcome.with_context(|| format!("{} of {}", addressed.name, addressed.consumer))?;
    }
    ensure!(verified > 0, "nobody expects any event");
    Ok(())
}

#[tokio::test]
async fn every_answer_is_as_its_consumers_expect() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let mut verified = 0;
    for addressed in addressed_to(order_service::SERVICE)? {
        let Expectation::Http(expected) = addressed.expectation else { continue };
        verified += 1;
        let order_id = order_for(&addressed.name, &app, &customer).await?;
        let variables = Variables::new([
            ("order_id", order_id),
            ("user_id", customer.user_id.to_string()),
            ("token", customer.token.clone()),
        ]);
        let outcome = expected.verify(app.anonymous(), &variables).await;
        outcome.with_context(|| format!("{} of {}", addressed.name, addressed.consumer))?;
    }
    ensure!(verified > 0, "nobody expects any answer");
    Ok(())
}

/// The order that an expectation is about, over 12.50 EUR and as it is to be before.
async fn order_for(name: &str, app: &TestApp, customer: &Customer) -> Result<String> {
    let order_id = customer.placed(app.neighbours.product("12.50", "EUR")).await?;
    match name {
        "open-payment-of-no-order" => return Ok(Uuid::now_v7().to_string()),
        "open-payment-of-a-closed-order" => {
            customer.cancel(&order_id).await?.expect(200)?;
        }
        "open-payment-beside-another" => {
            let another = json!({"payment_id": Uuid::now_v7()});
            let path = format!("/api/orders/{order_id}/payment");
            customer.client.post(&path, &another).await?.expect(200)?;
        }
        _ => {}
    }
    Ok(order_id)
}

fn of_user_service(name: &str) -> Result<HttpExpectation> {
    expectation(order_service::SERVICE, "user-service", name)?.http()
}

fn of_product_service(name: &str) -> Result<HttpExpectation> {
    expectation(order_service::SERVICE, "product-service", name)?.http()
}

/// A user-service that does what is expected of it and no more.
async fn users(issuer: &Issuer, user_id: Uuid, token: &str) -> Result<Stub> {
    let mut keys = of_user_service("keys")?;
    keys.response.body = keys_of(issuer)?;
    let variables = [("user_id", user_id.to_string()), ("token", token.to_owned())];
    Stub::start(vec![keys, of_user_service("profile")?], Variables::new(variables)).await
}

#[tokio::test]
async fn order_service_works_with_neighbours_that_do_what_it_expects_and_no_more() -> Result<()> {
    let issuer = Issuer::start().await?;
    let (user_id, order_id, product_id) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let holds_nothing = Uuid::now_v7();
    let token = issuer.token(user_id, &["customer"])?;
    let users = users(&issuer, user_id, &token).await?;
    let mut reserve = of_product_service("reserve")?;
    // The order's id is order-service's own choice.
    reserve.request.body["order_id"] = json!(order_id);
    let mut release_nothing = of_product_service("release-nothing")?;
    release_nothing.request.path =
        release_nothing.request.path.replace("${order_id}", &holds_nothing.to_string());
    let products = Stub::start(
        vec![reserve, of_product_service("release")?, release_nothing],
        Variables::new([
            ("order_id", order_id.to_string()),
            ("product_id", product_id.to_string()),
            ("token", token.clone()),
        ]),
    )
    .await?;
    let fixture = Fixture::new()
        .await?
        .with("ECOTRACK_USER_SERVICE_URL", users.url.as_str())
        .with("ECOTRACK_PRODUCT_SERVICE_URL", products.url.as_str());
    let service = fixture.start_ready(order_service::SERVICE, order_service::build).await?;

    let client = service.client.with_token(&token);
    let wish = json!({"items": [{"product_id": product_id, "quantity": 2}]});
    let request = client.request(Method::POST, "/api/orders")?.header("idempotency-key", "k");
    let order = client.send(request.json(&wish)).await?.expect(201)?.json();
    assert_eq!((&order["total_amount"], &order["currency"]), (&json!("19.98"), &json!("EUR")));

    let mut conn = fixture.database.connect().await?;
    let abandoned = "INSERT INTO order_service.reservation_intents (order_id, user_id, due_at) VALUES ($1, $3, now()), ($2, $3, now())";
    let abandoned = sqlx::query(abandoned).bind(order_id).bind(holds_nothing).bind(user_id);
    abandoned.execute(&mut conn).await?;
    eventually(|| async {
        let mut conn = fixture.database.connect().await?;
        let left: i64 =
            sqlx::query_scalar("SELECT count(*) FROM order_service.reservation_intents")
                .fetch_one(&mut conn)
                .await?;
        ensure!(left == 0, "the stock was not given back");
        Ok(())
    })
    .await?;
    users.verify()?;
    products.verify()
}

/// What product-service answers when it holds nothing.
const REFUSALS: [&str; 4] =
    ["reserve-sold-out", "reserve-otherwise", "reserve-after-release", "reserve-unknown-product"];

#[tokio::test]
async fn stock_that_is_refused_as_agreed_is_refused_to_the_customer() -> Result<()> {
    let issuer = Issuer::start().await?;
    let user_id = Uuid::now_v7();
    let token = issuer.token(user_id, &["customer"])?;
    for name in REFUSALS {
        let users = users(&issuer, user_id, &token).await?;
        let (product_id, mut refusal) = (Uuid::now_v7(), of_product_service(name)?);
        // The order's id is order-service's own choice.
        refusal.request.body["order_id"] = json!(Uuid::nil());
        let status = refusal.response.status;
        let products = [("product_id", product_id.to_string()), ("token", token.clone())];
        let products = Stub::start(vec![refusal], Variables::new(products)).await?;
        let fixture = Fixture::new()
            .await?
            .with("ECOTRACK_USER_SERVICE_URL", users.url.as_str())
            .with("ECOTRACK_PRODUCT_SERVICE_URL", products.url.as_str());
        let service = fixture.start_ready(order_service::SERVICE, order_service::build).await?;
        let wish = json!({"items": [{"product_id": product_id, "quantity": 2}]});
        let client = service.client.with_token(&token);
        client.post_with_key("/api/orders", &wish, "k").await?.expect_problem(status)?;
        products.verify()?;
    }
    Ok(())
}
