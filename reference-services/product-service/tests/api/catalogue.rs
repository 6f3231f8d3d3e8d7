//! Looking at the catalogue.

use anyhow::Result;
use serde_json::{Value, json};

use crate::helpers::{TestApp, text};

fn names(products: &[Value]) -> Vec<&str> {
    products.iter().filter_map(|product| product["name"].as_str()).collect()
}

#[tokio::test]
async fn words_are_found_in_any_form_in_name_and_description() -> Result<()> {
    let app = TestApp::start().await?;
    let soaps = app.search("query=SOAPS").await?;
    assert!(soaps.len() >= 2);
    assert!(soaps.iter().all(|product| product.to_string().to_lowercase().contains("soap")));
    assert_eq!(names(&app.search("query=soap+-lavender").await?), ["Olive oil soap"]);
    assert_eq!(names(&app.search("query=%22bamboo+toothbrush%22").await?), ["Bamboo toothbrush"]);
    assert!(app.search("query=lavender+compost").await?.is_empty());
    assert_eq!(app.search("query=%20").await?.len(), 20);
    Ok(())
}

#[tokio::test]
async fn filters_narrow_the_catalogue() -> Result<()> {
    let app = TestApp::start().await?;
    let good = app.search("min_sustainability=90").await?;
    assert!(!good.is_empty());
    assert!(good.iter().all(|product| product["sustainability_score"].as_i64().unwrap() >= 90));
    assert!(app.search("category=home").await?.len() > app.search("category=kitchen").await?.len());
    assert!(app.search("category=nothing").await?.is_empty());
    let cheap = app.search("min_price=5.90&max_price=8.90").await?;
    assert_eq!(names(&cheap), ["Olive oil soap", "Lavender soap", "Solid shampoo"]);
    assert!(app.search("currency=GBP").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn what_is_sold_out_is_not_among_what_is_in_stock() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(1).await?;
    let finds = async || {
        let found = app.search("in_stock=true&query=reusable").await?;
        anyhow::Ok(found.iter().any(|found| found["product_id"] == *product))
    };
    assert!(finds().await?);
    let order = uuid::Uuid::new_v4();
    app.reserve(order, &product, 1).await?.expect(201)?;
    assert!(!finds().await?);
    assert_eq!(app.search("query=reusable").await?.len(), 1);
    app.release(order).await?.expect(204)?;
    assert!(finds().await?);
    Ok(())
}

#[tokio::test]
async fn the_best_match_comes_first_where_that_is_asked_for() -> Result<()> {
    let app = TestApp::start().await?;
    let added =
        app.add(json!({"name": "Rinsing set", "description": "Goes well with lavender."})).await?;
    let found = app.search("query=lavender&sort=relevance").await?;
    assert_eq!(names(&found), ["Lavender soap", "Rinsing set"]);
    assert_eq!(found[1]["product_id"], added["product_id"]);
    Ok(())
}

#[tokio::test]
async fn a_score_is_made_of_its_parts() -> Result<()> {
    let app = TestApp::start().await?;
    let parts = json!({"materials": 90, "production": 80, "end_of_life": 100, "transport": 60, "packaging": 70});
    let fields = json!({"sustainability_score": null, "sustainability": parts});
    let added = app.add(fields).await?;
    assert_eq!(added["sustainability_score"], 83);
    let read = app.get(&format!("/api/products/{}", text(&added, "product_id")?)).await?;
    assert_eq!(read["sustainability"], parts);
    Ok(())
}

#[tokio::test]
async fn pictures_keep_their_order() -> Result<()> {
    let app = TestApp::start().await?;
    let image = |name: &str| json!({"image_url": format!("https://img.example.com/{name}.webp"), "alt_text": name});
    let images = json!([image("z"), image("a"), image("m")]);
    let added = app.add(json!({"images": images})).await?;
    let path = format!("/api/products/{}", text(&added, "product_id")?);
    assert_eq!(app.get(&path).await?["images"], images);
    let images = json!([image("m"), image("z")]);
    let id = text(&added, "product_id")?;
    app.patch(&id, "*", &json!({"images": images})).await?.expect(200)?;
    assert_eq!(app.get(&path).await?["images"], images);
    Ok(())
}
