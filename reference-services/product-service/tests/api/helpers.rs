//! A running product-service, and a verb for each thing others do.

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::test_support::{Answer, Client, Fixture, Issuer, Service, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::redis_server::RedisServer;

/// product-service and its surroundings.
pub(crate) struct TestApp {
    pub(crate) fixture: Fixture,
    pub(crate) service: Service,
    pub(crate) issuer: Issuer,
    pub(crate) redis: RedisServer,
}

impl TestApp {
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// Starts it with some variables set.
    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Result<Self> {
        let (issuer, redis) = (Issuer::start().await?, RedisServer::start().await?);
        let mut fixture = Fixture::new()
            .await?
            .with("ECOTRACK_USER_SERVICE_URL", issuer.url.as_str())
            .with("ECOTRACK_REDIS_URL", &redis.url());
        for (key, value) in variables {
            fixture = fixture.with(key, value);
        }
        let service = fixture.start_ready("product-service", product_service::build).await?;
        Ok(Self { fixture, service, issuer, redis })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.service.client
    }

    pub(crate) fn customer(&self) -> Result<Client> {
        Ok(self.client().with_token(&self.issuer.token(Uuid::new_v4(), &["customer"])?))
    }

    pub(crate) fn admin(&self) -> Result<Client> {
        Ok(self.client().with_token(&self.issuer.token(Uuid::new_v4(), &["admin"])?))
    }

    /// A connection past the service.
    pub(crate) async fn database(&self) -> Result<PgConnection> {
        let mut database = self.fixture.database.connect().await?;
        sqlx::query("set search_path = product_service").execute(&mut database).await?;
        Ok(database)
    }

    /// What a path answers with 200.
    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        Ok(self.client().get(path).await?.expect(200)?.json())
    }

    /// The products a query finds, at most a hundred.
    pub(crate) async fn search(&self, query: &str) -> Result<Vec<Value>> {
        let page = self.get(&format!("/api/products?limit=100&{query}")).await?;
        page["items"].as_array().cloned().context("no items")
    }

    /// Any product of the catalogue.
    pub(crate) async fn product(&self) -> Result<Value> {
        let page = self.get("/api/products?limit=1").await?;
        Ok(page["items"][0].clone())
    }

    /// Adds a product like any other, apart from these fields.
    pub(crate) async fn add(&self, fields: Value) -> Result<Value> {
        let request = with(new_product(), fields);
        Ok(self.admin()?.post("/api/products", &request).await?.expect(201)?.json())
    }

    /// A new product with so many pieces.
    pub(crate) async fn product_with_stock(&self, stock: u32) -> Result<String> {
        text(&self.add(json!({"stock": stock})).await?, "product_id")
    }

    /// Asks for a change of a product, of the version named or of any.
    pub(crate) async fn patch(&self, product: &str, tag: &str, change: &Value) -> Result<Answer> {
        let admin = self.admin()?;
        let path = format!("/api/products/{product}");
        admin.send(admin.request(Method::PATCH, &path)?.header("if-match", tag).json(change)).await
    }

    pub(crate) async fn available(&self, product_id: &str) -> Result<i64> {
        let product = self.get(&format!("/api/products/{product_id}")).await?;
        product["available"].as_i64().context("no number of available pieces")
    }

    pub(crate) async fn await_available(&self, product_id: &str, expected: i64) -> Result<()> {
        eventually(|| async {
            let available = self.available(product_id).await?;
            ensure!(available == expected, "expected {expected} available, saw {available}");
            Ok(())
        })
        .await
    }

    pub(crate) async fn reserve(
        &self,
        order_id: Uuid,
        product_id: &str,
        quantity: u32,
    ) -> Result<Answer> {
        self.reserve_all(order_id, json!([{"product_id": product_id, "quantity": quantity}])).await
    }

    pub(crate) async fn reserve_all(&self, order_id: Uuid, items: Value) -> Result<Answer> {
        let body = json!({"order_id": order_id, "items": items});
        self.customer()?.post("/api/products/reservations", &body).await
    }

    pub(crate) async fn release(&self, order_id: Uuid) -> Result<Answer> {
        self.client().delete(&format!("/api/products/reservations/{order_id}")).await
    }

    /// Statuses of an order's reserved lines.
    pub(crate) async fn statuses(&self, order_id: Uuid) -> Result<Vec<String>> {
        let lines = sqlx::query_scalar("select status from reservations where order_id = $1");
        Ok(lines.bind(order_id).fetch_all(&mut self.database().await?).await?)
    }

    pub(crate) async fn await_status(&self, order_id: Uuid, expected: &str) -> Result<()> {
        eventually(|| async {
            let statuses = self.statuses(order_id).await?;
            ensure!(!statuses.is_empty(), "nothing is reserved");
            ensure!(statuses.iter().all(|status| status == expected), "{statuses:?}");
            Ok(())
        })
        .await
    }

    /// Makes an order's reservation older.
    pub(crate) async fn let_time_pass(&self, order_id: Uuid, minutes: i32) -> Result<()> {
        let aged = sqlx::query(
            "update reservations set expires_at = expires_at - make_interval(mins => $2) where order_id = $1",
        );
        aged.bind(order_id).bind(minutes).execute(&mut self.database().await?).await?;
        Ok(())
    }

    /// Every piece ever supplied is in stock, held or sold, and nothing is below zero.
    pub(crate) async fn assert_books_balance(&self) -> Result<()> {
        let wrong: Vec<String> = sqlx::query_scalar(
            "select format('%s: %s supplied, %s in stock, %s held or sold', id, supplied, stock, gone) \
             from products, lateral (select coalesce(sum(quantity), 0) as gone from reservations \
                 where product_id = id and status in ('held', 'sold')) as taken \
             where supplied <> stock + gone or stock < 0",
        )
        .fetch_all(&mut self.database().await?)
        .await?;
        ensure!(wrong.is_empty(), "{}", wrong.join("; "));
        Ok(())
    }
}

/// A request for a product.
pub(crate) fn new_product() -> Value {
    json!({
        "name": "Reusable cup", "price": "12.50", "currency": "EUR",
        "category_id": "01900000-0000-7000-8000-0000000000c2",
        "sustainability_score": 70, "stock": 5,
        "images": [{"image_url": "https://img.example.com/cup.webp", "alt_text": "A cup"}],
    })
}

/// An object with some fields set otherwise.
pub(crate) fn with(mut object: Value, fields: Value) -> Value {
    if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields) {
        object.extend(fields);
    }
    object
}

/// A field that is text.
pub(crate) fn text(object: &Value, field: &str) -> Result<String> {
    Ok(object[field].as_str().with_context(|| format!("no {field}: {object}"))?.to_owned())
}
