//! A running product-service, and a verb for each thing others do.

use anyhow::{Context as _, Result};
use ecotrack_chassis::test_support::{Answer, Client, Fixture, Issuer, Service};
use serde_json::{Value, json};
use uuid::Uuid;

/// product-service and its surroundings.
pub(crate) struct TestApp {
    pub(crate) fixture: Fixture,
    pub(crate) service: Service,
    pub(crate) issuer: Issuer,
}

impl TestApp {
    pub(crate) async fn start() -> Result<Self> {
        let issuer = Issuer::start().await?;
        let fixture = Fixture::new().await?.with("ECOTRACK_USER_SERVICE_URL", issuer.url.as_str());
        let service = fixture.start_ready("product-service", product_service::build).await?;
        Ok(Self { fixture, service, issuer })
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

    /// Any product of the catalogue.
    pub(crate) async fn product(&self) -> Result<Value> {
        let page = self.client().get("/api/products?limit=1").await?.expect(200)?.json();
        Ok(page["items"][0].clone())
    }

    /// A new product with so many pieces.
    pub(crate) async fn product_with_stock(&self, stock: u32) -> Result<String> {
        let mut request = new_product(&self.product().await?);
        request["stock"] = json!(stock);
        let added = self.admin()?.post("/api/products", &request).await?.expect(201)?.json();
        Ok(added["product_id"].as_str().context("no id")?.to_owned())
    }

    pub(crate) async fn available(&self, product_id: &str) -> Result<i64> {
        let product =
            self.client().get(&format!("/api/products/{product_id}")).await?.expect(200)?.json();
        product["available"].as_i64().context("no number of available pieces")
    }

    pub(crate) async fn reserve(
        &self,
        order_id: Uuid,
        product_id: &str,
        quantity: u32,
    ) -> Result<Answer> {
        let body = json!({"order_id": order_id, "items": [{"product_id": product_id, "quantity": quantity}]});
        self.customer()?.post("/api/products/reservations", &body).await
    }
}

/// A request for a product like this one.
pub(crate) fn new_product(like: &Value) -> Value {
    json!({
        "name": "Reusable cup", "price": "12.50", "currency": "EUR", "category_id": like["category_id"],
        "sustainability_score": 70, "stock": 5,
        "images": [{"image_url": "https://img.example.com/cup.webp", "alt_text": "A cup"}],
    })
}
