//! A running order-service, and a verb for each thing a customer does.

use anyhow::{Context as _, Result, ensure};
use chrono::Utc;
use ecotrack_chassis::test_support::{Answer, Client, Fixture, Issuer, Service, eventually};
use ecotrack_events::payment::PaymentProcessed;
use ecotrack_events::{Currency, Event, Money, Topic};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::neighbours::Neighbours;

/// order-service and its surroundings.
pub(crate) struct TestApp {
    pub(crate) fixture: Fixture,
    pub(crate) neighbours: Neighbours,
    issuer: Issuer,
    service: Service,
}

/// A customer who is logged in.
pub(crate) struct Customer {
    pub(crate) client: Client,
    pub(crate) user_id: Uuid,
    pub(crate) token: String,
}

impl TestApp {
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// Starts with some variables set.
    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Result<Self> {
        let (issuer, neighbours) = (Issuer::start().await?, Neighbours::default());
        let address = neighbours.start(keys_of(&issuer)?).await?;
        let fixture = Fixture::new()
            .await?
            .with("ECOTRACK_USER_SERVICE_URL", &address)
            .with("ECOTRACK_PRODUCT_SERVICE_URL", &address);
        let fixture =
            variables.iter().fold(fixture, |fixture, (key, value)| fixture.with(key, value));
        let service = fixture.start_ready(order_service::SERVICE, order_service::build).await?;
        Ok(Self { fixture, neighbours, issuer, service })
    }

    pub(crate) fn customer(&self) -> Result<Customer> {
        let user_id = Uuid::now_v7();
        let token = self.issuer.token(user_id, &["customer"])?;
        Ok(Customer { client: self.service.client.with_token(&token), user_id, token })
    }

    pub(crate) fn anonymous(&self) -> &Client {
        &self.service.client
    }

    /// Publishes an event of another service.
    pub(crate) async fn publish(&self, event: impl Into<Event>) -> Result<()> {
        self.fixture.kafka.publish("payment-service", event).await
    }

    pub(crate) async fn await_event(&self, event_type: &str, order_id: &str) -> Result<Value> {
        self.fixture.kafka.await_payload(Topic::Order, event_type, order_id).await
    }

    /// Lets an order's time to pay be over.
    pub(crate) async fn let_time_pass(&self, order_id: &str) -> Result<()> {
        let mut conn = self.fixture.database.connect().await?;
        let update = "UPDATE order_service.orders SET reserved_until = now() WHERE id = $1";
        sqlx::query(update).bind(order_id.parse::<Uuid>()?).execute(&mut conn).await?;
        Ok(())
    }

    /// Waits until so many events were handled.
    pub(crate) async fn await_claimed(&self, events: i64) -> Result<()> {
        eventually(|| async {
            let mut conn = self.fixture.database.connect().await?;
            let claimed: i64 = sqlx::query_scalar("SELECT count(*) FROM order_service.inbox")
                .fetch_one(&mut conn)
                .await?;
            ensure!(claimed == events, "{claimed} events are handled, not {events}");
            Ok(())
        })
        .await
    }

    /// Waits until no stock is held for anybody.
    pub(crate) async fn await_nothing_reserved(&self) -> Result<()> {
        eventually(|| async {
            let reserved = self.neighbours.reserved();
            ensure!(reserved.is_empty(), "stock is held for {reserved:?}");
            Ok(())
        })
        .await
    }
}

impl Customer {
    pub(crate) async fn order(&self, product: Uuid, quantity: i64, key: &str) -> Result<Answer> {
        self.order_with(&json!({"items": [{"product_id": product, "quantity": quantity}], "payment_method": "credit_card"}), key).await
    }

    pub(crate) async fn order_with(&self, body: &Value, key: &str) -> Result<Answer> {
        self.client.post_with_key("/api/orders", body, key).await
    }

    /// A placed order's id.
    pub(crate) async fn placed(&self, product: Uuid) -> Result<String> {
        let order = self.order(product, 1, &Uuid::new_v4().to_string()).await?.expect(201)?.json();
        order["order_id"].as_str().map(str::to_owned).context("an order has an id")
    }

    /// The payment of a placed order, gone through.
    pub(crate) fn processed(&self, order_id: &str) -> Result<PaymentProcessed> {
        Ok(PaymentProcessed {
            payment_id: Uuid::now_v7(),
            order_id: order_id.parse()?,
            user_id: self.user_id,
            amount: Money::from_minor(500, Currency::Eur),
            gateway: "stripe".to_owned(),
            method: "card".to_owned(),
            provider_reference: "pi_1".to_owned(),
            processed_at: Utc::now(),
        })
    }

    pub(crate) async fn cancel(&self, order_id: &str) -> Result<Answer> {
        self.client.post(&format!("/api/orders/{order_id}/cancel"), &json!({})).await
    }

    /// What happened to an order: each step's status, actor and reason.
    pub(crate) async fn history(&self, order_id: &str) -> Result<Vec<(String, String, Value)>> {
        let path = format!("/api/orders/{order_id}/history");
        let history = self.client.get(&path).await?.expect(200)?.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let items = history["items"].as_array().cloned().unwrap_or_default();
        let step =
            |item: &Value| (text(&item["status"]), text(&item["actor"]), item["reason"].clone());
        Ok(items.iter().map(step).collect())
    }

    pub(crate) async fn open_payment(&self, order_id: &str) -> Result<Answer> {
        self.client.post(&format!("/api/orders/{order_id}/payment"), &json!({})).await
    }

    pub(crate) async fn status(&self, order_id: &str) -> Result<String> {
        let order = self.client.get(&format!("/api/orders/{order_id}")).await?.expect(200)?.json();
        order["status"].as_str().map(str::to_owned).context("an order has a status")
    }

    pub(crate) async fn await_status(&self, order_id: &str, expected: &str) -> Result<()> {
        self.client.await_field(&format!("/api/orders/{order_id}"), "status", expected).await
    }
}

/// The keys that tokens are checked with, as their issuer publishes them.
pub(crate) fn keys_of(issuer: &Issuer) -> Result<Value> {
    Ok(serde_json::to_value(issuer.keys().context("the issuer publishes no keys")?)?)
}
