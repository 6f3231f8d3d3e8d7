//! What customers and administrators ask the services for, over HTTP.

use anyhow::{Context as _, ensure};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::{
    accounts::{ADMIN, Customer},
    name::Name,
    stack::{Stack, client},
};

/// A category that every fresh catalogue has.
pub(crate) const CATEGORY: &str = "01900000-0000-7000-8000-0000000000c2";
/// Its name in searches.
pub(crate) const CATEGORY_SLUG: &str = "kitchen";
/// A card that is never declined.
const CARD: &str = "tok_visa";

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The body; `null` when it is not JSON.
    pub body: Value,
}

impl Reply {
    /// What was made; any other answer is an error.
    pub fn created(self) -> anyhow::Result<Value> {
        ensure!(self.status == StatusCode::CREATED, "{}: {}", self.status, self.body);
        Ok(self.body)
    }
}

/// The services, seen from outside.
#[derive(Debug, Clone)]
pub struct Shop {
    http: reqwest::Client,
    products: Url,
    orders: Url,
    payments: Url,
    admin: String,
}

impl Shop {
    /// The shop of a stack.
    pub fn of(stack: &Stack) -> anyhow::Result<Self> {
        let base = |name| Ok::<_, anyhow::Error>(stack.service(name)?.base().clone());
        Ok(Self {
            http: client()?,
            products: base(Name::ProductService)?,
            orders: base(Name::OrderService)?,
            payments: base(Name::PaymentService)?,
            admin: stack.accounts().token(Uuid::now_v7(), Uuid::new_v4(), &[ADMIN])?,
        })
    }

    /// Adds a product of 19.99 EUR.
    pub async fn add_product(&self, stock: u32) -> anyhow::Result<Uuid> {
        let product = json!({"name": format!("Test product {}", Uuid::new_v4()), "description": "", "price": "19.99",
            "currency": "EUR", "category_id": CATEGORY, "sustainability_score": 80, "stock": stock});
        let reply = self.post(&self.products, "/api/products", &self.admin, None, &product).await?;
        id(&reply.created()?, &["product_id", "id"])
    }

    /// Asks for one piece of a product.
    pub async fn order(
        &self,
        customer: &Customer,
        product: Uuid,
        key: &str,
    ) -> anyhow::Result<Reply> {
        let wish = json!({"items": [{"product_id": product, "quantity": 1}], "payment_method": "credit_card"});
        self.post(&self.orders, "/api/orders", &customer.token, Some(key), &wish).await
    }

    /// Offers what an order costs.
    pub async fn pay(
        &self,
        customer: &Customer,
        order: &Value,
        key: &str,
    ) -> anyhow::Result<Reply> {
        let offer = json!({"order_id": order["order_id"], "amount": order["total_amount"], "currency": order["currency"],
            "method": "credit_card", "payment_token": CARD});
        self.post(&self.payments, "/api/payments", &customer.token, Some(key), &offer).await
    }

    async fn post(
        &self,
        base: &Url,
        path: &str,
        token: &str,
        key: Option<&str>,
        body: &Value,
    ) -> anyhow::Result<Reply> {
        let mut request =
            self.http.request(Method::POST, base.join(path)?).bearer_auth(token).json(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let answer = request.send().await?;
        let status = answer.status();
        Ok(Reply {
            status,
            body: serde_json::from_str(&answer.text().await?).unwrap_or(Value::Null),
        })
    }
}

fn id(body: &Value, names: &[&str]) -> anyhow::Result<Uuid> {
    let text = names.iter().find_map(|name| body[name].as_str());
    Ok(text.with_context(|| format!("no id in {body}"))?.parse()?)
}
