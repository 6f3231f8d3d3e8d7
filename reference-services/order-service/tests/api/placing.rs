//! An order is priced by the shop and placed once.

use anyhow::Result;
use axum::http::StatusCode;
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::helpers::TestApp;

#[tokio::test]
async fn an_order_costs_what_the_catalogue_says_and_is_told_to_the_world() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let product = app.neighbours.product("9.99", "USD");
    let order = customer.order(product, 2, "k").await?.expect(201)?.json();
    assert_eq!(
        (order["total_amount"].as_str(), order["currency"].as_str()),
        (Some("19.98"), Some("USD"))
    );
    assert_eq!(
        (order["status"].as_str(), order["items"][0]["unit_price"].as_str()),
        (Some("created"), Some("9.99"))
    );
    let order_id = order["order_id"].as_str().unwrap_or_default();
    assert_eq!(
        customer.client.get(&format!("/api/orders/{order_id}")).await?.expect(200)?.json(),
        order
    );
    let event = app.await_event("OrderCreatedEvent", order_id).await?;
    assert_eq!(event["total"], json!({"amount_minor": 1998, "currency": "USD"}));
    assert_eq!(event["user_id"], customer.user_id.to_string());
    Ok(())
}

#[tokio::test]
async fn the_same_request_sent_again_is_answered_the_same_and_placed_once() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let first = customer.order(product, 1, "k").await?.expect(201)?;
    let second = customer.order(product, 1, "k").await?.expect(201)?;
    assert_eq!(
        (second.header("idempotency-replayed"), first.header("idempotency-replayed")),
        ("true", "")
    );
    assert_eq!(second.text, first.text);
    assert_eq!(app.neighbours.reserved().len(), 1);
    Ok(())
}

#[tokio::test]
async fn requests_with_one_key_at_the_same_time_place_one_order() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let answers = try_join_all((0..16).map(|_| customer.order(product, 1, "k"))).await?;
    for answer in &answers {
        assert!(matches!(answer.status.as_u16(), 201 | 409), "{}: {}", answer.status, answer.text);
    }
    let orders = customer.client.get("/api/orders").await?.expect(200)?.json();
    assert_eq!(orders["items"].as_array().map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_customer() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, other, product) =
        (app.customer()?, app.customer()?, app.neighbours.product("5.00", "EUR"));
    customer.order(product, 1, "k").await?.expect(201)?;
    customer.order(product, 2, "k").await?.expect_problem(422)?;
    other.order(product, 2, "k").await?.expect(201)?;
    Ok(())
}

#[tokio::test]
async fn without_a_key_or_with_a_bad_one_nothing_is_placed() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let body = json!({"items": [{"product_id": product, "quantity": 1}]});
    customer.client.post("/api/orders", &body).await?.expect_problem(400)?;
    for key in ["", "k\u{e9}", &"k".repeat(256)] {
        customer.order(product, 1, key).await?.expect_problem(400)?;
    }
    app.anonymous().post("/api/orders", &body).await?.expect_problem(401)?;
    Ok(())
}

#[tokio::test]
async fn what_is_not_a_cart_is_refused_with_a_pointer_and_its_key_stays_free() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let line = |quantity: i64| json!({"product_id": product, "quantity": quantity});
    for (body, pointer) in [
        (json!({"items": []}), "/items"),
        (json!({"items": [line(0)]}), "/items/0/quantity"),
        (json!({"items": [line(2_147_483_648)]}), "/items/0/quantity"),
        (json!({"items": [line(1), line(1)]}), "/items/1/product_id"),
        (json!({"items": [line(1)], "total": "0.01"}), "/total"),
        (json!({"items": [[product, 1]]}), "/items/0"),
        (
            json!({"items": [{"product_id": product, "quantity": 1, "unit_price": "0.01"}]}),
            "/items/0/unit_price",
        ),
    ] {
        let problem = customer.order_with(&body, "k").await?.expect_problem(422)?.json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    customer.order(product, 1, "k").await?.expect(201)?;
    Ok(())
}

#[tokio::test]
async fn what_the_shop_does_not_have_or_nobody_can_carry_is_refused_by_kind() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    customer.order(Uuid::now_v7(), 1, "k").await?.expect_problem(422)?;
    customer.order(product, -1, "k").await?.expect_problem(422)?;
    let post = |content_type: &str, body: String| -> Result<_> {
        let request = customer.client.request(Method::POST, "/api/orders")?;
        Ok(request.header("idempotency-key", "k").header("content-type", content_type).body(body))
    };
    let cases = [
        ("application/json", "{\"items\":".to_owned(), 400),
        ("text/plain", "{}".to_owned(), 415),
        ("application/json", format!("{{\"items\":\"{}\"}}", "x".repeat(64 * 1024)), 413),
    ];
    for (content_type, body, status) in cases {
        customer.client.send(post(content_type, body)?).await?.expect_problem(status)?;
    }
    customer.order(product, 1, "k").await?.expect(201)?;
    Ok(())
}

#[tokio::test]
async fn what_is_sold_out_can_be_asked_for_again_under_the_same_key() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    app.neighbours.set_sold_out(true);
    customer.order(product, 1, "k").await?.expect_problem(409)?;
    app.neighbours.set_sold_out(false);
    customer.order(product, 1, "k").await?.expect(201)?;
    Ok(())
}

#[tokio::test]
async fn an_order_in_two_currencies_is_refused_and_its_stock_is_free_again() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let (euro, dollar) =
        (app.neighbours.product("5.00", "EUR"), app.neighbours.product("5.00", "USD"));
    let body = json!({"items": [{"product_id": euro, "quantity": 1}, {"product_id": dollar, "quantity": 1}]});
    customer.order_with(&body, "k").await?.expect_problem(422)?;
    app.await_nothing_reserved().await
}

#[tokio::test]
async fn while_the_catalogue_is_away_the_answer_is_try_later_and_later_it_works() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    app.neighbours.set_away(true);
    let refused = customer.order(product, 1, "k").await?.expect_problem(503)?;
    assert!(!refused.header("retry-after").is_empty());
    app.neighbours.set_away(false);
    customer.order(product, 1, "k").await?.expect(201)?;
    Ok(())
}

#[tokio::test]
async fn what_somebody_on_the_way_answers_is_no_refusal_of_the_catalogue() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    for status in [StatusCode::NOT_FOUND, StatusCode::CONFLICT, StatusCode::UNPROCESSABLE_ENTITY] {
        app.neighbours.set_answered_on_the_way(Some(status));
        customer.order(product, 1, "k").await?.expect_problem(503)?;
    }
    app.neighbours.set_answered_on_the_way(None);
    customer.order(product, 1, "k").await?.expect(201)?;
    Ok(())
}

#[tokio::test]
async fn a_placed_order_moves_the_business_metrics_by_its_own_amount() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("9.99", "USD"));
    customer.order(product, 2, "k").await?.expect(201)?;
    let created = app
        .anonymous()
        .metric(r#"orders_total{order_status="created",payment_method="card"}"#)
        .await?;
    let value =
        app.anonymous().metric(r#"order_value_dollars_sum{currency="USD",region="us"}"#).await?;
    let duration = app
        .anonymous()
        .metric(
            r#"order_processing_duration_seconds_count{order_type="standard",complexity="single"}"#,
        )
        .await?;
    assert_eq!(
        (created.as_deref(), value.as_deref(), duration.as_deref()),
        (Some("1"), Some("19.98"), Some("1"))
    );
    Ok(())
}
