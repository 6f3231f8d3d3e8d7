//! A running payment-service with the sandbox behind it, and a verb for each thing a customer does.

use anyhow::{Context as _, Result, ensure};
use ecotrack_chassis::test_support::{Answer, Client, Fixture, Issuer, Service, eventually};
use ecotrack_events::Topic;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::orders::Orders;

/// payment-service and its surroundings.
pub(crate) struct TestApp {
    pub(crate) fixture: Fixture,
    pub(crate) orders: Orders,
    pub(crate) sandbox: Service,
    issuer: Issuer,
    service: Service,
    _outside: Fixture,
}

/// A customer who is logged in and has an order over 19.99 USD.
pub(crate) struct Customer {
    pub(crate) client: Client,
    pub(crate) order_id: Uuid,
}

impl TestApp {
    pub(crate) async fn start() -> Result<Self> {
        let (issuer, orders, outside) =
            (Issuer::start().await?, Orders::default(), Fixture::new().await?);
        let sandbox =
            outside.start_ready(provider_sandbox::SERVICE, provider_sandbox::build).await?;
        let fixture = Fixture::new()
            .await?
            .with("ECOTRACK_USER_SERVICE_URL", issuer.url.as_str())
            .with("ECOTRACK_ORDER_SERVICE_URL", &orders.start().await?)
            .with("ECOTRACK_PROVIDER_URL", sandbox.client.base().as_str());
        fixture.secret("stripe-api-key", "sk_test_1")?;
        fixture.secret("paypal-client-secret", "paypal_1")?;
        let service = fixture.start_ready(payment_service::SERVICE, payment_service::build).await?;
        Ok(Self { fixture, orders, sandbox, issuer, service, _outside: outside })
    }

    pub(crate) fn customer(&self) -> Result<Customer> {
        let user_id = Uuid::now_v7();
        let token = self.issuer.token(user_id, &["customer"])?;
        let order_id = self.orders.placed_by(user_id, &token);
        Ok(Customer { client: self.service.client.with_token(&token), order_id })
    }

    pub(crate) async fn arm(&self, provider: &str, fault: &Value) -> Result<()> {
        let request =
            self.sandbox.client.request(Method::PUT, &format!("/faults/{provider}"))?.json(fault);
        self.sandbox.client.send(request).await?.expect(200).map(drop)
    }

    pub(crate) async fn disarm(&self, provider: &str) -> Result<()> {
        self.sandbox.client.delete(&format!("/faults/{provider}")).await?.expect(204).map(drop)
    }

    /// Outcomes of what the provider was asked about an order, oldest first.
    pub(crate) async fn ledger(&self, order_id: Uuid) -> Result<Vec<(String, String)>> {
        let answer =
            self.sandbox.client.get(&format!("/ledger?contains={order_id}")).await?.expect(200)?;
        let entries: Vec<Value> = serde_json::from_str(&answer.text)?;
        let text =
            |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
        Ok(entries
            .iter()
            .rev()
            .map(|entry| (text(entry, "operation"), text(entry, "outcome")))
            .collect())
    }

    pub(crate) async fn await_event(&self, event_type: &str, payment_id: &str) -> Result<Value> {
        let record = self.fixture.kafka.await_event(Topic::Payment, event_type, payment_id).await?;
        Ok(serde_json::from_slice(&record.payload)?)
    }

    pub(crate) async fn metric(&self, name: &str) -> Result<Option<String>> {
        let text = self.service.client.get("/actuator/prometheus").await?.expect(200)?.text;
        Ok(text
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .map(|value| value.trim().to_owned()))
    }

    pub(crate) async fn payment_of(&self, order_id: Uuid) -> Result<String> {
        let mut conn = self.fixture.database.connect().await?;
        let id: Uuid =
            sqlx::query_scalar("SELECT id FROM payment_service.payments WHERE order_id = $1")
                .bind(order_id)
                .fetch_one(&mut conn)
                .await?;
        Ok(id.to_string())
    }
}

impl Customer {
    /// An offer of exactly what is owed.
    pub(crate) fn offer(&self, method: &str, token: &str) -> Value {
        json!({"order_id": self.order_id, "amount": "19.99", "currency": "USD", "method": method, "payment_token": token})
    }

    pub(crate) async fn pay(&self, offer: &Value, key: &str) -> Result<Answer> {
        let request = self
            .client
            .request(Method::POST, "/api/payments")?
            .header("idempotency-key", key)
            .json(offer);
        self.client.send(request).await
    }

    pub(crate) async fn pay_by_card(&self) -> Result<Answer> {
        self.pay(&self.offer("credit_card", "tok_visa"), "k").await
    }

    pub(crate) async fn refund(&self, payment_id: &str) -> Result<Answer> {
        self.client.post(&format!("/api/payments/{payment_id}/refund"), &json!({})).await
    }

    pub(crate) async fn await_status(&self, payment_id: &str, expected: &str) -> Result<()> {
        eventually(|| async {
            let payment =
                self.client.get(&format!("/api/payments/{payment_id}")).await?.expect(200)?.json();
            ensure!(
                payment["status"] == expected,
                "the payment is {}, not {expected}",
                payment["status"]
            );
            Ok(())
        })
        .await
    }
}

/// The id in a payment's answer.
pub(crate) fn id_of(payment: &Value) -> Result<&str> {
    payment["payment_id"].as_str().context("a payment has an id")
}
