//! A running payment-service with the sandbox behind it, and a verb for each thing a customer does.

use anyhow::{Context as _, Result};
use ecotrack_chassis::test_support::{Answer, Client, Fixture, Issuer, Service};
use ecotrack_events::Topic;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::orders::Orders;
use crate::post::Post;

/// Stripe's webhook secret.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_test_1";
/// `PayPal`'s, which must be another: who may speak for one may not speak for the other.
pub(crate) const PAYPAL_WEBHOOK_SECRET: &str = "whsec_paypal_1";

/// What payment-service needs around it, order-service aside: an issuer of tokens and the sandbox.
pub(crate) struct Surroundings {
    pub(crate) issuer: Issuer,
    pub(crate) sandbox: Service,
    post: Post,
    _outside: Fixture,
}

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

impl Surroundings {
    /// With a sandbox that sends no webhooks: what it did is learned by asking.
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(Post::default(), Fixture::new().await?).await
    }

    /// With a sandbox that tells what it did.
    async fn start_telling() -> Result<Self> {
        let post = Post::default();
        let address = post.start().await?;
        let outside = Fixture::new().await?.with("ECOTRACK_PAYMENT_WEBHOOK_URL", &address);
        Self::start_with(post, outside).await
    }

    async fn start_with(post: Post, outside: Fixture) -> Result<Self> {
        outside.secret("stripe-webhook-secret", WEBHOOK_SECRET)?;
        outside.secret("paypal-webhook-secret", PAYPAL_WEBHOOK_SECRET)?;
        let sandbox =
            outside.start_ready(provider_sandbox::SERVICE, provider_sandbox::build).await?;
        Ok(Self { issuer: Issuer::start().await?, sandbox, post, _outside: outside })
    }

    /// payment-service beside this order-service.
    pub(crate) async fn serve(
        &self,
        orders: &str,
        variables: &[(&str, &str)],
    ) -> Result<(Fixture, Service)> {
        let fixture = variables
            .iter()
            .fold(Fixture::new().await?, |fixture, (key, value)| fixture.with(key, value))
            .with("ECOTRACK_USER_SERVICE_URL", self.issuer.url.as_str())
            .with("ECOTRACK_ORDER_SERVICE_URL", orders)
            .with("ECOTRACK_PROVIDER_URL", self.sandbox.client.base().as_str());
        fixture.secret("stripe-api-key", "sk_test_1")?;
        fixture.secret("paypal-client-secret", "paypal_1")?;
        fixture.secret("stripe-webhook-secret", WEBHOOK_SECRET)?;
        fixture.secret("paypal-webhook-secret", PAYPAL_WEBHOOK_SECRET)?;
        let service = fixture.start_ready(payment_service::SERVICE, payment_service::build).await?;
        self.post.deliver_to(service.client.base().clone());
        Ok((fixture, service))
    }
}

impl TestApp {
    pub(crate) async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// With variables of its own.
    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Result<Self> {
        Self::start_in(Surroundings::start().await?, variables).await
    }

    /// With a sandbox that sends webhooks.
    pub(crate) async fn start_told() -> Result<Self> {
        Self::start_in(Surroundings::start_telling().await?, &[]).await
    }

    async fn start_in(surroundings: Surroundings, variables: &[(&str, &str)]) -> Result<Self> {
        let orders = Orders::default();
        let (fixture, service) = surroundings.serve(&orders.start().await?, variables).await?;
        let Surroundings { issuer, sandbox, _outside: outside, .. } = surroundings;
        Ok(Self { fixture, orders, sandbox, issuer, service, _outside: outside })
    }

    pub(crate) fn customer(&self) -> Result<Customer> {
        let user_id = Uuid::now_v7();
        let token = self.issuer.token(user_id, &["customer"])?;
        let order_id = self.orders.placed_by(user_id, &token);
        Ok(Customer { client: self.service.client.with_token(&token), order_id })
    }

    pub(crate) async fn arm(&self, provider: &str, fault: &Value) -> Result<()> {
        self.sandbox.client.put(&format!("/faults/{provider}"), fault).await?.expect(200).map(drop)
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

    /// Charges that the provider really made for an order.
    pub(crate) async fn charges(&self, order_id: Uuid) -> Result<usize> {
        let ledger = self.ledger(order_id).await?;
        Ok(ledger.iter().filter(|(_, outcome)| outcome == "accepted").count())
    }

    /// An operator pays back at the provider's own console, in minor units.
    pub(crate) async fn pay_back_outside(&self, payment: &Value, minor: &str) -> Result<()> {
        let text = |field: &str| payment[field].as_str().unwrap_or_default().to_owned();
        let form = [
            ("payment_intent", text("provider_reference")),
            ("amount", minor.to_owned()),
            ("metadata[payment_id]", text("payment_id")),
        ];
        let console = self.sandbox.client.with_token("sk_operator");
        let request = console.request(Method::POST, "/stripe/v1/refunds")?.form(&form);
        console.send(request).await?.expect(200).map(drop)
    }

    /// Changes a row behind the service's back.
    pub(crate) async fn execute(&self, statement: &'static str) -> Result<()> {
        let mut conn = self.fixture.database.connect().await?;
        sqlx::query(statement).execute(&mut conn).await?;
        Ok(())
    }

    /// Without a token.
    pub(crate) fn anonymous(&self) -> Client {
        self.service.client.clone()
    }

    /// Webhooks of a provider that came to something.
    pub(crate) async fn webhooks(&self, gateway: &str, outcome: &str) -> Result<u64> {
        let name = format!(r#"webhook_events_total{{provider="{gateway}",result="{outcome}"}}"#);
        Ok(self.service.client.metric(&name).await?.map_or(Ok(0), |value| value.parse())?)
    }

    /// Types of the events about a payment that were written, in their order.
    pub(crate) async fn events_of(&self, payment_id: &str) -> Result<Vec<String>> {
        let mut conn = self.fixture.database.connect().await?;
        Ok(sqlx::query_scalar(
            "SELECT headers ->> 'ce_type' FROM payment_service.outbox WHERE key = $1 ORDER BY position",
        )
        .bind(payment_id)
        .fetch_all(&mut conn)
        .await?)
    }

    /// Everything that was written and stays: events with their headers, payments, answers under keys.
    pub(crate) async fn written(&self) -> Result<String> {
        let mut conn = self.fixture.database.connect().await?;
        let events: Vec<String> = sqlx::query_scalar(
            "SELECT concat(headers::text, convert_from(payload, 'UTF8')) FROM payment_service.outbox
             UNION ALL SELECT payments::text FROM payment_service.payments
             UNION ALL SELECT payment_attempts::text FROM payment_service.payment_attempts
             UNION ALL SELECT coalesce(body, '') FROM payment_service.idempotency_keys",
        )
        .fetch_all(&mut conn)
        .await?;
        Ok(events.join("\n"))
    }

    /// Events of providers that were taken in.
    pub(crate) async fn provider_events(&self) -> Result<i64> {
        let mut conn = self.fixture.database.connect().await?;
        Ok(sqlx::query_scalar("SELECT count(*) FROM payment_service.provider_events")
            .fetch_one(&mut conn)
            .await?)
    }

    pub(crate) async fn await_event(&self, event_type: &str, payment_id: &str) -> Result<Value> {
        self.fixture.kafka.await_payload(Topic::Payment, event_type, payment_id).await
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
        self.client.post_with_key("/api/payments", offer, key).await
    }

    pub(crate) async fn pay_by_card(&self) -> Result<Answer> {
        self.pay(&self.offer("credit_card", "tok_visa"), "k").await
    }

    /// Asks for all of it back.
    pub(crate) async fn refund(&self, payment_id: &str) -> Result<Answer> {
        self.refund_part(payment_id, &json!({}), "refund").await
    }

    pub(crate) async fn refund_part(
        &self,
        payment_id: &str,
        part: &Value,
        key: &str,
    ) -> Result<Answer> {
        let path = format!("/api/payments/{payment_id}/refund");
        self.client.post_with_key(&path, part, key).await
    }

    pub(crate) async fn await_status(&self, payment_id: &str, expected: &str) -> Result<()> {
        self.client.await_field(&format!("/api/payments/{payment_id}"), "status", expected).await
    }
}

/// The id in a payment's answer.
pub(crate) fn id_of(payment: &Value) -> Result<&str> {
    payment["payment_id"].as_str().context("a payment has an id")
}
