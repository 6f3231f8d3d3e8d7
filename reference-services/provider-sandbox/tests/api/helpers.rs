//! A running sandbox, and a verb for each thing its customers and judges do.

use anyhow::Result;
use ecotrack_chassis::test_support::{Answer, Client, Fixture, Service};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

/// What webhooks are signed with.
pub(crate) const SECRET: &str = "whsec_test_1";

/// The sandbox and its database.
pub(crate) struct TestApp {
    pub(crate) fixture: Fixture,
    service: Service,
}

/// A charge as a customer asks for it.
pub(crate) struct Charge {
    pub(crate) key: String,
    pub(crate) order: String,
    pub(crate) payment: String,
    pub(crate) amount: &'static str,
    pub(crate) token: &'static str,
}

impl Charge {
    pub(crate) fn new() -> Self {
        Self {
            key: Uuid::new_v4().to_string(),
            order: Uuid::new_v4().to_string(),
            payment: Uuid::new_v4().to_string(),
            amount: "1999",
            token: "tok_visa",
        }
    }
}

impl TestApp {
    pub(crate) async fn start() -> Result<Self> {
        Self::start_in(Fixture::new().await?).await
    }

    /// A sandbox that tells its customers, who listen there.
    pub(crate) async fn start_telling(listener: &str) -> Result<Self> {
        Self::start_in(telling(Fixture::new().await?, listener)?).await
    }

    /// The same, where the way to a customer leads to a place that is not called like them.
    pub(crate) async fn start_telling_by(listener: &str, place: &str) -> Result<Self> {
        let fixture = Fixture::new().await?.with("ECOTRACK_WEBHOOK_CONNECT_TO", place);
        Self::start_in(telling(fixture, listener)?).await
    }

    async fn start_in(fixture: Fixture) -> Result<Self> {
        let service =
            fixture.start_ready(provider_sandbox::SERVICE, provider_sandbox::build).await?;
        Ok(Self { fixture, service })
    }

    pub(crate) fn client(&self) -> Client {
        self.service.client.with_token("sk_test_1")
    }

    pub(crate) async fn charge(&self, charge: &Charge) -> Result<Answer> {
        let form = [
            ("amount", charge.amount),
            ("currency", "usd"),
            ("payment_method", charge.token),
            ("metadata[order_id]", &charge.order),
            ("metadata[payment_id]", &charge.payment),
        ];
        let request = self.client().request(Method::POST, "/stripe/v1/payment_intents")?;
        self.client().send(request.header("idempotency-key", &charge.key).form(&form)).await
    }

    pub(crate) async fn refund(&self, intent: &str, key: &str) -> Result<Answer> {
        let request = self.client().request(Method::POST, "/stripe/v1/refunds")?;
        self.client()
            .send(request.header("idempotency-key", key).form(&[("payment_intent", intent)]))
            .await
    }

    pub(crate) async fn refund_part(
        &self,
        intent: &str,
        key: &str,
        amount: &str,
    ) -> Result<Answer> {
        let request = self.client().request(Method::POST, "/stripe/v1/refunds")?;
        let form = [("payment_intent", intent), ("amount", amount)];
        self.client().send(request.header("idempotency-key", key).form(&form)).await
    }

    /// Charges of one of the customer's payments.
    pub(crate) async fn search(&self, payment: &str) -> Result<Answer> {
        let query = format!("metadata['payment_id']:'{payment}'");
        let request = self.client().request(Method::GET, "/stripe/v1/payment_intents/search")?;
        self.client().send(request.query(&[("query", query)])).await
    }

    pub(crate) async fn ledger(&self, contains: &str) -> Result<Vec<Value>> {
        let answer =
            self.service.client.get(&format!("/ledger?contains={contains}")).await?.expect(200)?;
        Ok(serde_json::from_str(&answer.text)?)
    }

    pub(crate) async fn arm(&self, provider: &str, fault: &Value) -> Result<Answer> {
        let request =
            self.service.client.request(Method::PUT, &format!("/faults/{provider}"))?.json(fault);
        self.service.client.send(request).await
    }

    pub(crate) async fn mail(&self, to: &str) -> Result<Answer> {
        let document = json!({
            "personalizations": [{"to": [{"email": to}]}], "from": {"email": "hello@example.org"},
            "subject": "Hello", "content": [{"type": "text/plain", "value": "Hello"}],
        });
        self.client().post("/sendgrid/v3/mail/send", &document).await
    }
}

fn telling(fixture: Fixture, listener: &str) -> Result<Fixture> {
    for provider in ["stripe", "paypal", "sendgrid", "twilio"] {
        fixture.secret(&format!("{provider}-webhook-secret"), SECRET)?;
    }
    Ok(fixture
        .with("ECOTRACK_PAYMENT_WEBHOOK_URL", listener)
        .with("ECOTRACK_NOTIFICATION_WEBHOOK_URL", listener))
}

/// Outcomes of ledger entries, in their order.
pub(crate) fn outcomes(entries: &[Value]) -> Vec<&str> {
    entries.iter().filter_map(|entry| entry["outcome"].as_str()).collect()
}
