//! A running user-service, and a verb for each thing a customer does.

use anyhow::Result;
use ecotrack_chassis::test_support::{Answer, Client, Fixture, Service};
use serde_json::{Value, json};
use uuid::Uuid;

/// user-service and its surroundings.
pub(crate) struct TestApp {
    pub(crate) fixture: Fixture,
    pub(crate) service: Service,
}

/// A customer, unique to the test.
pub(crate) struct Customer {
    pub(crate) email: String,
    pub(crate) password: String,
}

/// What a login gives.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) user_id: String,
    pub(crate) id: String,
    pub(crate) token: String,
}

impl TestApp {
    pub(crate) async fn start() -> Result<Self> {
        let fixture = Fixture::new().await?;
        let service = fixture.start_ready("user-service", user_service::build).await?;
        Ok(Self { fixture, service })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.service.client
    }

    pub(crate) async fn register(&self, customer: &Customer) -> Result<Answer> {
        self.client().post("/api/users/register", &customer.registration()).await
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> Result<Answer> {
        self.client().post("/api/users/login", &json!({"email": email, "password": password})).await
    }

    /// A customer who is registered and logged in.
    pub(crate) async fn session(&self) -> Result<Session> {
        let customer = Customer::new();
        self.register(&customer).await?.expect(202)?;
        let login = self.login(&customer.email, &customer.password).await?.expect(200)?.json();
        let text = |field: &str| login[field].as_str().unwrap_or_default().to_owned();
        let token = text("access_token");
        let client = self.client().with_token(&token);
        Ok(Session { client, user_id: text("user_id"), id: text("session_id"), token })
    }

    pub(crate) async fn metrics(&self) -> Result<String> {
        Ok(self.client().get("/actuator/prometheus").await?.expect(200)?.text)
    }
}

impl Customer {
    pub(crate) fn new() -> Self {
        let id = Uuid::new_v4();
        Self { email: format!("{id}@example.com"), password: format!("secret {id}") }
    }

    pub(crate) fn registration(&self) -> Value {
        json!({"email": self.email, "password": self.password, "first_name": "Ann", "last_name": "Example"})
    }
}
