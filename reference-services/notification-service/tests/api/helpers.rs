//! A running notification-service with the sandbox behind it, and a verb for each thing that can happen to a customer.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use chrono::Utc;
use ecotrack_chassis::kafka::Record;
use ecotrack_chassis::test_support::{Client, Fixture, Issuer, Service, eventually};
use ecotrack_events::order::OrderCancelled;
use ecotrack_events::user::UserRegistered;
use ecotrack_events::{Envelope, Topic};
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

/// notification-service and its surroundings.
pub(crate) struct TestApp {
    pub(crate) fixture: Fixture,
    sandbox: Service,
    issuer: Issuer,
    service: Service,
    _outside: Fixture,
}

/// A customer who can look at their notifications.
pub(crate) struct Customer {
    pub(crate) client: Client,
    pub(crate) user_id: Uuid,
    pub(crate) email: String,
}

impl TestApp {
    pub(crate) async fn start() -> Result<Self> {
        let (issuer, outside) = (Issuer::start().await?, Fixture::new().await?);
        let sandbox =
            outside.start_ready(provider_sandbox::SERVICE, provider_sandbox::build).await?;
        let fixture = Fixture::new()
            .await?
            .with("ECOTRACK_USER_SERVICE_URL", issuer.url.as_str())
            .with("ECOTRACK_PROVIDER_URL", sandbox.client.base().as_str());
        fixture.secret("sendgrid-api-key", "SG.test")?;
        let service =
            fixture.start_ready(notification_service::SERVICE, notification_service::build).await?;
        Ok(Self { fixture, sandbox, issuer, service, _outside: outside })
    }

    pub(crate) fn customer(&self) -> Result<Customer> {
        let user_id = Uuid::now_v7();
        let token = self.issuer.token(user_id, &["customer"])?;
        let email = format!("{}@example.com", user_id.simple());
        Ok(Customer { client: self.service.client.with_token(&token), user_id, email })
    }

    pub(crate) async fn publish(&self, envelope: &Envelope) -> Result<()> {
        let record = Record::of_event(envelope, HashMap::new())?;
        self.fixture.kafka.producer()?.send(&record).await.context("cannot publish")
    }

    pub(crate) async fn arm(&self, fault: &Value) -> Result<()> {
        let request = self.sandbox.client.request(Method::PUT, "/faults/sendgrid")?.json(fault);
        self.sandbox.client.send(request).await?.expect(200).map(drop)
    }

    pub(crate) async fn disarm(&self) -> Result<()> {
        self.sandbox.client.delete("/faults/sendgrid").await?.expect(204).map(drop)
    }

    /// Mails to an address, as the provider got them.
    pub(crate) async fn mails(&self, email: &str) -> Result<Vec<Value>> {
        let answer = self
            .sandbox
            .client
            .get(&format!("/ledger?provider=sendgrid&contains={email}"))
            .await?
            .expect(200)?;
        Ok(serde_json::from_str(&answer.text)?)
    }

    pub(crate) async fn await_event(
        &self,
        event_type: &str,
        notification_id: &str,
    ) -> Result<Value> {
        let record = self
            .fixture
            .kafka
            .await_event(Topic::Notification, event_type, notification_id)
            .await?;
        Ok(serde_json::from_slice(&record.payload)?)
    }
}

impl Customer {
    pub(crate) fn registered(&self) -> Envelope {
        let event = UserRegistered {
            user_id: self.user_id,
            email: self.email.clone(),
            first_name: "Ann".to_owned(),
            registered_at: Utc::now(),
        };
        Envelope::new("user-service", event)
    }

    pub(crate) fn order_cancelled(&self) -> Envelope {
        let event = OrderCancelled {
            order_id: Uuid::now_v7(),
            user_id: self.user_id,
            reason: "customer".to_owned(),
            cancelled_at: Utc::now(),
        };
        Envelope::new("order-service", event)
    }

    pub(crate) async fn notifications(&self) -> Result<Vec<Value>> {
        let page = self.client.get("/api/notifications").await?.expect(200)?.json();
        page["items"].as_array().cloned().context("a page has items")
    }

    /// The customer's notification of a template, once it has the status.
    pub(crate) async fn await_notification(&self, template: &str, status: &str) -> Result<Value> {
        eventually(|| async {
            let found = self.notifications().await?;
            let wanted = found
                .iter()
                .find(|found| found["template"] == template && found["status"] == status);
            ensure!(wanted.is_some(), "no {template} that is {status} among {found:?}");
            wanted.cloned().context("just seen")
        })
        .await
    }
}
