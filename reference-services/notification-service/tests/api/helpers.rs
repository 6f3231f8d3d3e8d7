//! A running notification-service with the sandbox behind it, and a verb for each thing that can happen to a customer.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use chrono::Utc;
use ecotrack_chassis::kafka::Record;
use ecotrack_chassis::test_support::{Answer, Client, Fixture, Issuer, Service, eventually, ports};
use ecotrack_events::order::OrderCancelled;
use ecotrack_events::user::{UserDeleted, UserRegistered, UserUpdated};
use ecotrack_events::{Envelope, Topic};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use uuid::Uuid;

/// notification-service and its surroundings.
pub(crate) struct TestApp {
    pub(crate) fixture: Fixture,
    sandbox: Service,
    issuer: Issuer,
    service: Option<Service>,
    _outside: Fixture,
}

/// What the service reads from its environment.
const VARIABLES: [&str; 11] = [
    "ECOTRACK_ENVIRONMENT",
    "ECOTRACK_HTTP_ADDR",
    "ECOTRACK_DATABASE_URL",
    "ECOTRACK_DATABASE_CREDENTIALS_DIR",
    "ECOTRACK_SECRETS_DIR",
    "ECOTRACK_REDIS_URL",
    "ECOTRACK_KAFKA_BROKERS",
    "ECOTRACK_KAFKA_PREFIX",
    "ECOTRACK_KAFKA_SECURITY",
    "ECOTRACK_USER_SERVICE_URL",
    "ECOTRACK_PROVIDER_URL",
];

/// Secrets of the providers' webhooks.
pub(crate) const SENDGRID_SECRET: &str = "whsec_sendgrid";
pub(crate) const TWILIO_SECRET: &str = "whsec_twilio";

/// A customer who can look at their notifications.
pub(crate) struct Customer {
    pub(crate) client: Client,
    pub(crate) user_id: Uuid,
    pub(crate) email: String,
}

impl TestApp {
    pub(crate) async fn start() -> Result<Self> {
        Self::without_service().await?.serving().await
    }

    /// All that surrounds the service, and nobody serves.
    pub(crate) async fn without_service() -> Result<Self> {
        Self::between(Fixture::new().await?, Fixture::new().await?).await
    }

    /// With a sandbox that reports what becomes of messages.
    pub(crate) async fn start_with_reports() -> Result<Self> {
        let address = free_address()?;
        let outside = Fixture::new()
            .await?
            .with("ECOTRACK_NOTIFICATION_WEBHOOK_URL", &format!("http://{address}"));
        let fixture = Fixture::new().await?.with("ECOTRACK_HTTP_ADDR", &address);
        Self::between(outside, fixture).await?.serving().await
    }

    async fn between(outside: Fixture, fixture: Fixture) -> Result<Self> {
        let issuer = Issuer::start().await?;
        for side in [&outside, &fixture] {
            side.secret("sendgrid-webhook-secret", SENDGRID_SECRET)?;
            side.secret("twilio-webhook-secret", TWILIO_SECRET)?;
        }
        let sandbox =
            outside.start_ready(provider_sandbox::SERVICE, provider_sandbox::build).await?;
        let fixture = fixture
            .with("ECOTRACK_USER_SERVICE_URL", issuer.url.as_str())
            .with("ECOTRACK_PROVIDER_URL", sandbox.client.base().as_str());
        fixture.secret("sendgrid-api-key", "SG.test")?;
        fixture.secret("twilio-auth-token", "twilio.test")?;
        Ok(Self { fixture, sandbox, issuer, service: None, _outside: outside })
    }

    /// With the service.
    pub(crate) async fn serving(mut self) -> Result<Self> {
        self.service = Some(self.another().await?);
        Ok(self)
    }

    /// The service as a process of its own, which can be killed.
    pub(crate) fn spawn(&self) -> Result<Child> {
        self.command()?.spawn().context("cannot start the service")
    }

    /// What starts the service as a process of its own.
    pub(crate) fn command(&self) -> Result<Command> {
        let settings = self.fixture.settings(notification_service::SERVICE)?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_notification-service"));
        for name in VARIABLES {
            command.env(name, settings.required::<String>(name)?);
        }
        command.kill_on_drop(true);
        Ok(command)
    }

    /// Asks the service as nobody.
    pub(crate) fn client(&self) -> Result<&Client> {
        Ok(&self.service.as_ref().context("nobody serves")?.client)
    }

    /// Another replica.
    pub(crate) async fn another(&self) -> Result<Service> {
        self.fixture.start_ready(notification_service::SERVICE, notification_service::build).await
    }

    pub(crate) fn customer(&self) -> Result<Customer> {
        let user_id = Uuid::now_v7();
        self.customer_with(user_id, &format!("{}@example.com", user_id.simple()))
    }

    pub(crate) fn customer_with(&self, user_id: Uuid, email: &str) -> Result<Customer> {
        let token = self.issuer.token(user_id, &["customer"])?;
        let client = self.client()?.with_token(&token);
        Ok(Customer { client, user_id, email: email.to_owned() })
    }

    /// As if the time of whoever was at work had passed.
    pub(crate) async fn end_leases(&self) -> Result<()> {
        let mut conn = self.fixture.database.connect().await?;
        let due = "UPDATE notification_service.notifications SET next_attempt_at = now() WHERE next_attempt_at IS NOT NULL";
        sqlx::query(due).execute(&mut conn).await?;
        Ok(())
    }

    pub(crate) async fn publish(&self, envelope: &Envelope) -> Result<()> {
        let record = Record::of_event(envelope, HashMap::new())?;
        self.fixture.kafka.producer()?.send(&record).await.context("cannot publish")
    }

    pub(crate) async fn arm(&self, provider: &str, fault: &Value) -> Result<()> {
        let path = format!("/faults/{provider}");
        let request = self.sandbox.client.request(Method::PUT, &path)?.json(fault);
        self.sandbox.client.send(request).await?.expect(200).map(drop)
    }

    pub(crate) async fn disarm(&self, provider: &str) -> Result<()> {
        self.sandbox.client.delete(&format!("/faults/{provider}")).await?.expect(204).map(drop)
    }

    /// Mails to an address, as the provider got them.
    pub(crate) async fn mails(&self, email: &str) -> Result<Vec<Value>> {
        self.ledger("sendgrid", email).await
    }

    /// What a provider got that contains a text, newest first.
    pub(crate) async fn ledger(&self, provider: &str, contains: &str) -> Result<Vec<Value>> {
        let contains: String = url::form_urlencoded::byte_serialize(contains.as_bytes()).collect();
        let path = format!("/ledger?provider={provider}&contains={contains}");
        let answer = self.sandbox.client.get(&path).await?.expect(200)?;
        Ok(serde_json::from_str(&answer.text)?)
    }

    /// What a provider reports, signed with a secret.
    pub(crate) async fn report(&self, provider: &str, secret: &str, body: &str) -> Result<Answer> {
        let signature = ecotrack_webhook::sign(
            &[SecretString::from(secret)],
            body.as_bytes(),
            Utc::now().timestamp(),
        );
        self.report_as(provider, &signature, body).await
    }

    /// What somebody reports under a signature.
    pub(crate) async fn report_as(
        &self,
        provider: &str,
        signature: &str,
        body: &str,
    ) -> Result<Answer> {
        let path = format!("/api/notifications/webhooks/{provider}");
        let client = self.client()?;
        let request = client
            .request(Method::POST, &path)?
            .header(ecotrack_webhook::HEADER, signature)
            .body(body.to_owned());
        client.send(request).await
    }

    /// The service's metrics as text.
    pub(crate) async fn metrics(&self) -> Result<String> {
        Ok(self.client()?.get("/actuator/prometheus").await?.expect(200)?.text)
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
        registered(self.user_id, &self.email)
    }

    pub(crate) fn moved_to(&self, email: &str) -> Envelope {
        let event = UserUpdated {
            user_id: self.user_id,
            email: email.to_owned(),
            first_name: "Ann".to_owned(),
            updated_at: Utc::now(),
        };
        Envelope::new("user-service", event)
    }

    pub(crate) fn deleted(&self) -> Envelope {
        let event = UserDeleted { user_id: self.user_id, deleted_at: Utc::now() };
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

    pub(crate) async fn put_preferences(&self, document: &Value) -> Result<Answer> {
        let request =
            self.client.request(Method::PUT, "/api/notifications/preferences")?.json(document);
        self.client.send(request).await
    }

    /// Asks for text messages about orders.
    pub(crate) async fn wants_text_messages(&self, phone: &str) -> Result<()> {
        let mut document = preferences();
        document["phone"] = json!(phone);
        document["sms"]["orders"] = json!(true);
        self.put_preferences(&document).await?.expect(200).map(drop)
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

/// Somebody named Ann registered.
pub(crate) fn registered(user_id: Uuid, email: &str) -> Envelope {
    let event = UserRegistered {
        user_id,
        email: email.to_owned(),
        first_name: "Ann".to_owned(),
        registered_at: Utc::now(),
    };
    Envelope::new("user-service", event)
}

/// What a user wants who said nothing yet.
pub(crate) fn preferences() -> Value {
    let switches = |on: bool| json!({"account": on, "orders": on, "payments": on, "security": on});
    json!({"phone": null, "email": switches(true), "sms": switches(false)})
}

/// An address nobody listens on right now.
pub(crate) fn free_address() -> Result<String> {
    Ok(format!("127.0.0.1:{}", ports::free()?))
}
