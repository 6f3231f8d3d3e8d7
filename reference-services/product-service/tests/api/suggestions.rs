//! What is popular, and what is recommended.

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::test_support::eventually;
use futures::future::try_join_all;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::helpers::{TestApp, text};

fn ids(answer: &Value) -> Vec<&str> {
    let items = answer["items"].as_array().into_iter().flatten();
    items.filter_map(|item| item["product_id"].as_str()).collect()
}

async fn order_together(app: &TestApp, one: &str, other: &str) -> Result<()> {
    let lines = [one, other].map(|product| json!({"product_id": product, "quantity": 1}));
    app.reserve_all(Uuid::new_v4(), json!(lines)).await?.expect(201).map(drop)
}

/// Lets nobody read reservations until what this connection began ends.
async fn without_answers(app: &TestApp) -> Result<PgConnection> {
    let mut database = app.database().await?;
    sqlx::raw_sql("begin; lock table reservations in access exclusive mode")
        .execute(&mut database)
        .await?;
    Ok(database)
}

#[tokio::test]
async fn what_is_ordered_most_is_popular() -> Result<()> {
    let app = TestApp::start().await?;
    let (much, little, released) = (
        app.product_with_stock(50).await?,
        app.product_with_stock(50).await?,
        app.product_with_stock(50).await?,
    );
    app.reserve(Uuid::new_v4(), &little, 1).await?.expect(201)?;
    app.reserve(Uuid::new_v4(), &much, 5).await?.expect(201)?;
    let given_up = Uuid::new_v4();
    app.reserve(given_up, &released, 9).await?.expect(201)?;
    app.release(given_up).await?.expect(204)?;
    let popular = app.get("/api/products/popular").await?;
    assert_eq!(ids(&popular)[..2], [much.as_str(), little.as_str()]);
    assert!(popular["items"][0]["available"].is_null());
    assert_eq!(popular["items"][0]["image"]["alt_text"], "A cup");
    Ok(())
}

#[tokio::test]
async fn what_was_bought_together_is_recommended() -> Result<()> {
    let app = TestApp::start().await?;
    let (cup, lid, straw) = (
        app.product_with_stock(50).await?,
        app.product_with_stock(50).await?,
        app.product_with_stock(50).await?,
    );
    for _ in 0..2 {
        order_together(&app, &cup, &lid).await?;
    }
    order_together(&app, &straw, &cup).await?;
    let answer =
        app.client().get(&format!("/api/products/{cup}/recommendations")).await?.expect(200)?;
    let recommended = answer.json();
    assert_eq!(ids(&recommended), [lid.as_str(), straw.as_str()]);
    assert_eq!(
        (&recommended["source"], &recommended["fallback"]),
        (&json!("bought_together"), &json!(false))
    );
    assert_eq!(answer.header("x-fallback"), "");
    Ok(())
}

#[tokio::test]
async fn what_was_bought_together_is_not_counted_anew_for_every_customer() -> Result<()> {
    let app = TestApp::start().await?;
    let (cup, lid) = (app.product_with_stock(50).await?, app.product_with_stock(50).await?);
    order_together(&app, &cup, &lid).await?;
    let path = format!("/api/products/{cup}/recommendations");
    let first = app.get(&path).await?;
    assert_eq!(ids(&first), [lid.as_str()]);
    let mut database = app.database().await?;
    sqlx::raw_sql("alter table reservations rename to hidden").execute(&mut database).await?;
    assert_eq!(app.get(&path).await?, first);
    sqlx::raw_sql("alter table hidden rename to reservations").execute(&mut database).await?;
    // What an administrator changes is seen at once.
    app.admin()?.delete(&format!("/api/products/{lid}")).await?.expect(204)?;
    assert!(!ids(&app.get(&path).await?).contains(&lid.as_str()));
    Ok(())
}

#[tokio::test]
async fn that_nothing_was_bought_with_a_product_is_remembered_too() -> Result<()> {
    let app = TestApp::start().await?;
    let (cup, lid) = (app.product_with_stock(50).await?, app.product_with_stock(50).await?);
    let path = format!("/api/products/{cup}/recommendations");
    assert_eq!(app.get(&path).await?["fallback"], true);
    order_together(&app, &cup, &lid).await?;
    // Counted anew it would be something else.
    assert_eq!(app.get(&path).await?["fallback"], true);
    Ok(())
}

#[tokio::test]
async fn what_took_too_long_to_count_is_kept_for_the_next_one() -> Result<()> {
    let app = TestApp::start().await?;
    let (cup, lid) = (app.product_with_stock(50).await?, app.product_with_stock(50).await?);
    order_together(&app, &cup, &lid).await?;
    app.get("/api/products/popular").await?;
    let path = format!("/api/products/{cup}/recommendations");
    let mut database = without_answers(&app).await?;
    assert_eq!(app.get(&path).await?["fallback"], true);
    sqlx::raw_sql("commit").execute(&mut database).await?;
    let key = format!("ecotrack:cache:suggestions:with:{}", cup.replace('-', ""));
    eventually(|| async {
        let kept: bool = app.redis.ask(&["EXISTS", &key]).await?;
        ensure!(kept, "nothing is kept");
        Ok(())
    })
    .await?;
    sqlx::raw_sql("alter table reservations rename to hidden").execute(&mut database).await?;
    assert_eq!(ids(&app.get(&path).await?), [lid.as_str()]);
    Ok(())
}

#[tokio::test]
async fn slow_recommendations_leave_connections_to_the_others() -> Result<()> {
    /// More products than the service has connections.
    const PRODUCTS: usize = 24;
    let app = TestApp::start().await?;
    let products = try_join_all((0..PRODUCTS).map(|_| app.product_with_stock(1))).await?;
    app.redis.ask::<()>(&["FLUSHALL"]).await?;
    app.get("/api/products/popular").await?;
    let _locked = without_answers(&app).await?;
    let paths: Vec<_> =
        products.iter().map(|product| format!("/api/products/{product}/recommendations")).collect();
    for answer in try_join_all(paths.iter().map(|path| app.get(path))).await? {
        assert_eq!(answer["fallback"], true);
    }
    let seldom_seen = text(&app.product().await?, "product_id")?;
    app.redis.ask::<()>(&["FLUSHALL"]).await?;
    app.get(&format!("/api/products/{seldom_seen}")).await?;
    Ok(())
}

#[tokio::test]
async fn what_nobody_bought_with_anything_gets_popular_products_marked_as_such() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(5).await?;
    let popular = app.get("/api/products/popular").await?;
    let answer =
        app.client().get(&format!("/api/products/{product}/recommendations")).await?.expect(200)?;
    let recommended = answer.json();
    assert_eq!(answer.header("x-fallback"), "popular_products");
    assert_eq!(
        (&recommended["source"], &recommended["fallback"]),
        (&json!("popular_products"), &json!(true))
    );
    let expected: Vec<_> = ids(&popular).into_iter().filter(|id| *id != product).collect();
    assert_eq!(ids(&recommended), expected);
    assert!(!expected.is_empty());
    Ok(())
}

#[tokio::test]
async fn popular_products_stand_in_when_recommendations_fail_or_take_too_long() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(5).await?;
    let path = format!("/api/products/{product}/recommendations");
    // What was changed a moment ago is not cached yet.
    app.redis.ask::<()>(&["FLUSHALL"]).await?;
    app.get("/api/products/popular").await?;
    let mut database = without_answers(&app).await?;
    assert_eq!(app.get(&path).await?["fallback"], true);
    sqlx::raw_sql("alter table reservations rename to hidden; commit")
        .execute(&mut database)
        .await?;
    let answer = app.get(&path).await?;
    assert_eq!(answer["fallback"], true);
    let first = answer["items"].get(0).context("no popular products")?;
    assert!(first["name"].is_string());
    Ok(())
}

#[tokio::test]
async fn popular_products_stand_in_when_it_is_not_known_whether_the_product_is_there() -> Result<()>
{
    let app = TestApp::start().await?;
    let product = app.product_with_stock(5).await?;
    app.redis.ask::<()>(&["FLUSHALL"]).await?;
    app.get("/api/products/popular").await?;
    let mut database = app.database().await?;
    sqlx::raw_sql("alter table products rename to hidden").execute(&mut database).await?;
    let path = format!("/api/products/{product}/recommendations");
    let answer = app.client().get(&path).await?.expect(200)?;
    assert_eq!(answer.header("x-fallback"), "popular_products");
    assert!(!ids(&answer.json()).is_empty());
    Ok(())
}

#[tokio::test]
async fn what_an_administrator_archives_is_suggested_no_longer() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(50).await?;
    app.reserve(Uuid::new_v4(), &product, 9).await?.expect(201)?;
    assert_eq!(ids(&app.get("/api/products/popular").await?)[0], product);
    app.admin()?.delete(&format!("/api/products/{product}")).await?.expect(204)?;
    assert!(!ids(&app.get("/api/products/popular").await?).contains(&product.as_str()));
    Ok(())
}
