//! What is cached, what that costs, and what is left of it without Redis.

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::test_support::eventually;
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::helpers::{TestApp, text};

/// Reads of a hit.
const HITS: u64 = 10;
/// Milliseconds until somebody in a hurry gives up: enough to get as far as the commit.
const HURRY: &str = "2000";
/// Those who miss the same value at once.
const STORM: usize = 100;

/// Paths that are cached, each with the command of a hit and the table that a load scans once.
async fn cached(app: &TestApp) -> Result<[(String, &'static str, &'static str); 3]> {
    let product = app.product_with_stock(3).await?;
    Ok([
        (format!("/api/products/{product}"), "get", "products"),
        ("/api/products?query=soap&min_sustainability=1".to_owned(), "mget", "products"),
        ("/api/products/categories".to_owned(), "get", "categories"),
    ])
}

#[tokio::test]
async fn a_hit_is_exactly_one_command_of_redis() -> Result<()> {
    let app = TestApp::start().await?;
    for (path, command, _) in cached(&app).await? {
        // What an administrator just added is not cached for a moment.
        app.redis.ask::<()>(&["FLUSHALL"]).await?;
        let first = app.client().get(&path).await?.expect(200)?;
        let reads = async {
            for _ in 0..HITS {
                let again = app.client().get(&path).await?.expect(200)?;
                ensure!(again.text == first.text, "{} is not {}", again.text, first.text);
            }
            Ok(())
        };
        let ((), commands) = app.redis.count(reads).await?;
        assert_eq!(
            commands.into_iter().collect::<Vec<_>>(),
            [(command.to_owned(), HITS)],
            "{path}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_storm_of_misses_is_one_query() -> Result<()> {
    let TestApp { fixture, service, issuer: _issuer, redis } = TestApp::start().await?;
    let paths = {
        let page = service.client.get("/api/products?limit=1").await?.expect(200)?.json();
        let product = text(&page["items"][0], "product_id")?;
        [
            (format!("/api/products/{product}"), "products"),
            ("/api/products?query=soap".to_owned(), "products"),
            ("/api/products/categories".to_owned(), "categories"),
            ("/api/products/popular".to_owned(), "products"),
        ]
    };
    service.stop().await?;
    for (path, table) in paths {
        redis.ask::<()>(&["FLUSHALL"]).await?;
        await_no_backend(&fixture).await?;
        let mut database = fixture.database.connect().await?;
        sqlx::query("select pg_stat_reset()").execute(&mut database).await?;
        let service = fixture.start_ready("product-service", product_service::build).await?;
        let storm = try_join_all((0..STORM).map(|_| service.client.get(&path))).await?;
        for answer in storm {
            answer.expect(200)?;
        }
        service.stop().await?;
        await_no_backend(&fixture).await?;
        let scans: i64 = sqlx::query_scalar(
            "select seq_scan + coalesce(idx_scan, 0) from pg_stat_user_tables \
             where schemaname = 'product_service' and relname = $1",
        )
        .bind(table)
        .fetch_one(&mut database)
        .await?;
        assert_eq!(scans, 1, "{path}: {STORM} misses at once");
    }
    Ok(())
}

/// A backend reports what it did at the latest when it ends.
async fn await_no_backend(fixture: &ecotrack_chassis::test_support::Fixture) -> Result<()> {
    eventually(|| async {
        let mut database = fixture.database.connect().await?;
        let left: i64 = sqlx::query_scalar(
            "select count(*) from pg_stat_activity \
             where datname = current_database() and application_name = 'product-service'",
        )
        .fetch_one(&mut database)
        .await?;
        ensure!(left == 0, "{left} connections of the service are left");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn hits_and_misses_are_counted() -> Result<()> {
    let app = TestApp::start().await?;
    let product = text(&app.product().await?, "product_id")?;
    for _ in 0..3 {
        app.get(&format!("/api/products/{product}")).await?;
    }
    let metrics = app.client().get("/actuator/prometheus").await?.text;
    for line in [
        r#"cache_requests_total{cache="product",result="hit"} 2"#,
        r#"cache_requests_total{cache="product",result="miss"} 1"#,
        r#"cache_requests_total{cache="search",result="miss"} 1"#,
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }
    Ok(())
}

#[tokio::test]
async fn keys_and_times_are_those_of_the_design() -> Result<()> {
    let app = TestApp::start().await?;
    let product = text(&app.product().await?, "product_id")?;
    for path in
        [&format!("/api/products/{product}"), "/api/products/categories", "/api/products/popular"]
    {
        app.get(path).await?;
    }
    let keys: Vec<String> = app.redis.ask(&["KEYS", "*"]).await?;
    for (beginning, seconds) in [
        (format!("ecotrack:cache:product:{product}"), 600),
        ("ecotrack:cache:category:".to_owned(), 3600),
        ("ecotrack:cache:search:".to_owned(), 300),
        ("ecotrack:cache:suggestions:popular".to_owned(), 3600),
    ] {
        let key = keys.iter().find(|key| key.starts_with(&beginning)).context(beginning)?;
        let left: i64 = app.redis.ask(&["TTL", key]).await?;
        assert!((seconds - 10..=seconds).contains(&left), "{key}: {left}");
    }
    Ok(())
}

#[tokio::test]
async fn without_redis_everything_works_only_slower() -> Result<()> {
    let app = TestApp::start().await?;
    let paths = cached(&app).await?;
    app.redis.kill()?;
    works_without_redis(&app, &paths).await
}

#[tokio::test]
async fn with_a_redis_that_hangs_everything_works_too() -> Result<()> {
    let app = TestApp::start_with(&[("ECOTRACK_REDIS_PATIENCE_MS", "250")]).await?;
    let paths = cached(&app).await?;
    app.redis.hang()?;
    works_without_redis(&app, &paths).await
}

async fn works_without_redis(
    app: &TestApp,
    paths: &[(String, &'static str, &'static str)],
) -> Result<()> {
    for _ in 0..3 {
        for (path, ..) in paths {
            app.get(path).await?;
        }
        let product = app.product_with_stock(2).await?;
        let order = Uuid::new_v4();
        app.reserve(order, &product, 2).await?.expect(201)?;
        assert_eq!(app.available(&product).await?, 0);
        app.release(order).await?.expect(204)?;
        assert_eq!(app.available(&product).await?, 2);
    }
    let metrics = app.client().get("/actuator/prometheus").await?.text;
    assert!(metrics.contains(r#"cache="product",result="bypass""#), "{metrics}");
    Ok(())
}

#[tokio::test]
async fn what_somebody_else_put_into_the_cache_is_not_served() -> Result<()> {
    let app = TestApp::start().await?;
    let product = text(&app.product().await?, "product_id")?;
    let path = format!("/api/products/{product}");
    let truth = app.get(&path).await?;
    let key = format!("ecotrack:cache:product:{product}");
    for poison in ["", "null", "{}", "[]", "\u{1}", r#"{"product_id":"x","price":"0.01"}"#] {
        app.redis.ask::<()>(&["SET", &key, poison]).await?;
        assert_eq!(app.get(&path).await?, truth, "{poison}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_cached_is_the_same_for_everybody() -> Result<()> {
    let app = TestApp::start().await?;
    let product = text(&app.product().await?, "product_id")?;
    let path = format!("/api/products/{product}");
    let first = app.admin()?.get(&path).await?.expect(200)?;
    for client in [app.client().clone(), app.customer()?] {
        assert_eq!(client.get(&path).await?.expect(200)?.text, first.text);
    }
    let keys: Vec<String> = app.redis.ask(&["KEYS", "*"]).await?;
    let claims: Vec<_> = keys.iter().filter(|key| key.contains("user")).collect();
    assert!(claims.is_empty(), "{claims:?}");
    Ok(())
}

#[tokio::test]
async fn a_change_that_nobody_heard_of_is_seen_all_the_same() -> Result<()> {
    let app = TestApp::start().await?;
    let product = app.product_with_stock(5).await?;
    app.await_available(&product, 5).await?;
    let (admin, path) = (app.admin()?, format!("/api/products/{product}"));
    let hurried = admin.request(Method::PATCH, &path)?.header("x-request-timeout-ms", HURRY);
    let hurried = hurried.header("if-match", "*").json(&json!({"stock_change": -2}));
    let answer = app.fixture.database.unheard("product_service.products", admin.send(hurried));
    answer.await?.expect_problem(503)?;
    app.await_available(&product, 3).await
}

#[tokio::test]
async fn searches_that_read_alike_do_not_share_a_page() -> Result<()> {
    let app = TestApp::start().await?;
    let all = app.search("query=soap").await?;
    assert!(!all.is_empty());
    for query in ["query=soap%26category%3Dgarden", "query=soap&category=garden", "category=soap"] {
        assert!(app.search(query).await?.is_empty(), "{query}");
    }
    assert_eq!(app.search("query=soap").await?, all);
    app.add(json!({"name": "Soap dish"})).await?;
    assert_eq!(app.search("query=soap").await?.len(), all.len() + 1);
    Ok(())
}
