//! Looking at the catalogue, and adding to it.

use std::collections::HashSet;

use anyhow::Result;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::{TestApp, new_product};

#[tokio::test]
async fn pages_together_are_the_catalogue_without_gap_or_repetition() -> Result<()> {
    let app = TestApp::start().await?;
    let mut seen = HashSet::new();
    let mut path = "/api/products?limit=7".to_owned();
    loop {
        let page = app.client().get(&path).await?.expect(200)?.json();
        for product in page["items"].as_array().unwrap() {
            assert!(seen.insert(product["product_id"].to_string()), "twice: {product}");
        }
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/api/products?limit=7&cursor={cursor}");
    }
    assert_eq!(seen.len(), 20);
    Ok(())
}

#[tokio::test]
async fn filters_narrow_the_catalogue() -> Result<()> {
    let app = TestApp::start().await?;
    let search = |query: &'static str| {
        let client = app.client();
        async move {
            let page =
                client.get(&format!("/api/products?limit=100&{query}")).await?.expect(200)?.json();
            anyhow::Ok(page["items"].as_array().unwrap().clone())
        }
    };
    let soaps = search("query=SOAP").await?;
    assert!(soaps.len() >= 2);
    assert!(soaps.iter().all(|product| product.to_string().to_lowercase().contains("soap")));
    let good = search("min_sustainability=90").await?;
    assert!(good.iter().all(|product| product["sustainability_score"].as_i64().unwrap() >= 90));
    assert!(search("category=home").await?.len() > search("category=kitchen").await?.len());
    assert!(search("category=nothing").await?.is_empty());
    assert!(search("query=100%25").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn questions_without_sense_are_refused() -> Result<()> {
    let app = TestApp::start().await?;
    for (query, status) in
        [("limit=0", 422), ("limit=x", 422), ("cursor=x", 400), ("sort=price", 422)]
    {
        app.client().get(&format!("/api/products?{query}")).await?.expect_problem(status)?;
    }
    app.client().get("/api/products/nobody").await?.expect_problem(404)?;
    app.client().get(&format!("/api/products/{}", Uuid::new_v4())).await?.expect_problem(404)?;
    Ok(())
}

#[tokio::test]
async fn categories_are_a_tree() -> Result<()> {
    let app = TestApp::start().await?;
    let tree = app.client().get("/api/products/categories").await?.expect(200)?.json();
    let home = tree["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|category| category["slug"] == "home")
        .unwrap();
    assert_eq!(home["children"].as_array().map(Vec::len), Some(2));
    Ok(())
}

#[tokio::test]
async fn a_product_is_read_from_the_cache_the_second_time() -> Result<()> {
    let app = TestApp::start().await?;
    let id = app.product_with_stock(3).await?;
    let path = format!("/api/products/{id}");
    let first = app.client().get(&path).await?.expect(200)?;
    let second = app.client().get(&path).await?.expect(200)?;
    assert_eq!(first.text, second.text);
    let metrics = app.client().get("/actuator/prometheus").await?.text;
    assert!(
        metrics.contains(r#"cache_requests_total{cache="product",result="hit"} 2"#),
        "{metrics}"
    );
    Ok(())
}

#[tokio::test]
async fn only_administrators_add_products() -> Result<()> {
    let app = TestApp::start().await?;
    let request = new_product(&app.product().await?);
    app.client().post("/api/products", &request).await?.expect_problem(401)?;
    app.customer()?.post("/api/products", &request).await?.expect_problem(403)?;
    let added = app.admin()?.post("/api/products", &request).await?.expect(201)?;
    let read = app.client().get(added.header("location")).await?.expect(200)?.json();
    assert_eq!(read["price"], "12.50");
    assert_eq!(read["images"][0]["alt_text"], "A cup");
    Ok(())
}

#[tokio::test]
async fn a_product_of_no_category_is_refused() -> Result<()> {
    let app = TestApp::start().await?;
    let mut request: Value = new_product(&app.product().await?);
    request["category_id"] = json!(Uuid::new_v4());
    let answer = app.admin()?.post("/api/products", &request).await?.expect_problem(422)?;
    assert_eq!(answer.json()["errors"][0]["pointer"], "/category_id");
    Ok(())
}

#[tokio::test]
async fn tokens_that_are_not_valid_are_refused_whatever_is_wrong_with_them() -> Result<()> {
    let app = TestApp::start().await?;
    let request = new_product(&app.product().await?);
    let valid = app.issuer.claims(Uuid::new_v4(), &["admin"]);
    let mut bad = vec![valid.clone(), valid.clone(), valid.clone(), valid.clone()];
    bad[0].exp -= 1000;
    bad[1].nbf += 1000;
    bad[2].iss = "https://elsewhere.example".to_owned();
    bad[3].aud = "somebody-else".to_owned();
    for claims in bad {
        let client = app.client().with_token(&app.issuer.sign(&claims)?);
        client.post("/api/products", &request).await?.expect_problem(401)?;
    }
    let stranger =
        ecotrack_chassis::test_support::Issuer::start().await?.token(Uuid::new_v4(), &["admin"])?;
    app.client()
        .with_token(&stranger)
        .post("/api/products", &request)
        .await?
        .expect_problem(401)?;
    Ok(())
}
