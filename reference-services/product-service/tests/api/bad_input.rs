//! What bad input gets.

use anyhow::Result;
use serde_json::json;
use uuid::Uuid;

use crate::helpers::{TestApp, new_product, with};

#[tokio::test]
async fn lists_that_cannot_be_are_refused() -> Result<()> {
    let app = TestApp::start().await?;
    for (query, status) in [
        ("limit=0", 422),
        ("limit=-1", 422),
        ("limit=1000000000", 422),
        ("limit=99999999999999999999", 422),
        ("limit=x", 422),
        ("limit=", 422),
        ("cursor=x", 400),
        ("cursor=", 400),
        ("cursor=01900000-0000-7000-8000-000000000001", 400),
        ("sort=price", 422),
        ("sort=id;drop+table+products", 422),
        ("sort=", 422),
        ("sort=relevance", 422),
        ("order=asc", 422),
        ("min_price=1", 422),
        ("min_price=-1.00", 422),
        ("min_price=2.00&max_price=1.00", 422),
        // ISO 4217 has XXX for no currency at all: a code of the right form that nobody pays in.
        ("currency=XXX", 422),
        ("min_sustainability=101", 422),
        ("in_stock=maybe", 422),
        ("query=a&query=b", 422),
        ("query=%00", 400),
    ] {
        let answer = app.client().get(&format!("/api/products?{query}")).await?;
        answer.expect_problem(status).map_err(|error| error.context(query))?;
    }
    let long = "x".repeat(101);
    app.client().get(&format!("/api/products?query={long}")).await?.expect_problem(422)?;
    Ok(())
}

#[tokio::test]
async fn a_cursor_serves_the_order_it_was_made_for() -> Result<()> {
    let app = TestApp::start().await?;
    let page = app.get("/api/products?limit=2&sort=price_asc").await?;
    let cursor = page["next_cursor"].as_str().unwrap_or_default();
    app.get(&format!("/api/products?limit=2&sort=price_asc&cursor={cursor}")).await?;
    let other = format!("/api/products?limit=2&sort=newest&cursor={cursor}");
    app.client().get(&other).await?.expect_problem(400)?;
    Ok(())
}

#[tokio::test]
async fn ids_that_name_nothing_are_not_found() -> Result<()> {
    let app = TestApp::start().await?;
    for id in ["nobody", "1", "%2e%2e", &Uuid::new_v4().to_string()] {
        for path in [
            format!("/api/products/{id}"),
            format!("/api/products/{id}/recommendations"),
            format!("/api/products/categories/{id}"),
        ] {
            app.client().get(&path).await?.expect_problem(404)?;
        }
    }
    app.client().delete("/api/products/reservations/nobody").await?.expect_problem(404)?;
    Ok(())
}

#[tokio::test]
async fn orders_of_products_that_cannot_be_are_refused() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(10).await?;
    let line = |quantity: i64| json!({"product_id": product, "quantity": quantity});
    for (items, pointer) in [
        (json!([]), "/items"),
        (json!([line(1), line(2)]), "/items/1/product_id"),
        (json!([line(0)]), "/items/0/quantity"),
        (json!([line(-1)]), "/items/0/quantity"),
        (json!([line(1001)]), "/items/0/quantity"),
        (json!([line(1 << 31)]), "/items/0/quantity"),
        (json!([with(line(1), json!({"price": "0.01"}))]), "/items/0/price"),
        (json!([with(line(1), json!({"unit_price": "0.01"}))]), "/items/0/unit_price"),
        (json!([{"product_id": Uuid::new_v4(), "quantity": 1}]), "/items"),
        (json!("all"), "/items"),
        (json!([[product, 1]]), "/items/0"),
    ] {
        let answer = app.reserve_all(Uuid::new_v4(), items.clone()).await?;
        let answer =
            answer.expect_problem(422).map_err(|error| error.context(items.to_string()))?;
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{items}");
    }
    app.reserve(Uuid::new_v4(), &product, 11).await?.expect_problem(409)?;
    let body = json!({"order_id": Uuid::new_v4(), "items": [line(1)]});
    app.client().post("/api/products/reservations", &body).await?.expect_problem(401)?;
    assert_eq!(app.available(&product).await?, 10);
    Ok(())
}

#[tokio::test]
async fn an_array_is_no_object_anywhere() -> Result<()> {
    let app = TestApp::start().await?;
    for wrong in [
        json!({"images": [["https://img.example.com/x", "x"]]}),
        json!({"sustainability_score": null, "sustainability": [1, 2, 3, 4, 5]}),
    ] {
        let request = with(new_product(), wrong);
        app.admin()?.post("/api/products", &request).await?.expect_problem(422)?;
    }
    Ok(())
}

#[tokio::test]
async fn everything_wrong_with_a_product_is_named_at_once() -> Result<()> {
    let app = TestApp::start().await?;
    let wrong = json!({
        "name": " ", "description": "x".repeat(5001), "price": "12.5", "stock": -1, "sustainability_score": 101,
        "images": [{"image_url": "x", "alt_text": ""}],
    });
    let request = with(new_product(), wrong);
    let answer = app.admin()?.post("/api/products", &request).await?.expect_problem(422)?.json();
    let mut pointers: Vec<_> = answer["errors"].as_array().into_iter().flatten().collect();
    pointers.sort_by_key(|error| error["pointer"].to_string());
    let pointers: Vec<_> = pointers.iter().filter_map(|error| error["pointer"].as_str()).collect();
    let expected = [
        "/description",
        "/images/0/alt_text",
        "/images/0/image_url",
        "/name",
        "/price",
        "/stock",
        "/sustainability_score",
    ];
    assert_eq!(pointers, expected);
    Ok(())
}
