//! A running user-service, and a verb for each thing a customer does.

use anyhow::Result;
use axum::http::Method;
use ecotrack_chassis::test_support::{Answer, Client, Fixture, Service, signing_key};
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

pub(crate) const ME: &str = "/api/users/me";

/// user-service and its surroundings.
pub(crate) struct TestApp {
    pub(crate) fixture: Fixture,
    pub(crate) service: Service,
    /// The key it signs with, in PEM.
    pub(crate) key: String,
}

/// A customer, unique to the test.
pub(crate) struct Customer {
    pub(crate) email: String,
    pub(crate) password: String,
}

/// What a login or a refresh gives.
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) user_id: String,
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
}

impl TestApp {
    pub(crate) async fn start() -> Result<Self> {
        Self::with(&[]).await
    }

    /// With settings of its own. All tests are one source, so that limit is out of the way.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Result<Self> {
        let fixture = Fixture::new()
            .await?
            .with("ECOTRACK_LOGIN_SOURCE_LIMIT", "1000000")
            .with("ECOTRACK_SIGNING_KEY_LEAD_SECONDS", "0");
        let fixture =
            variables.iter().fold(fixture, |fixture, (key, value)| fixture.with(key, value));
        let key = signing_key()?;
        fixture.secret("jwt-signing-key", &key)?;
        let service = fixture.start_ready("user-service", user_service::build).await?;
        Ok(Self { fixture, service, key })
    }

    /// The same service once more, on the same database, with one setting changed.
    pub(crate) async fn restarted_with(self, key: &str, value: &str) -> Result<Self> {
        self.service.stop().await?;
        let fixture = self.fixture.with(key, value);
        let service = fixture.start_ready("user-service", user_service::build).await?;
        Ok(Self { fixture, service, ..self })
    }

    /// One more replica.
    pub(crate) async fn replica(&self) -> Result<Service> {
        self.fixture.start_ready("user-service", user_service::build).await
    }

    pub(crate) fn client(&self) -> &Client {
        &self.service.client
    }

    pub(crate) async fn database(&self) -> Result<PgConnection> {
        self.fixture.database.connect().await
    }

    pub(crate) async fn redis(&self) -> Result<MultiplexedConnection> {
        let url: String = self.fixture.settings("user-service")?.required("ECOTRACK_REDIS_URL")?;
        Ok(redis::Client::open(url)?.get_multiplexed_async_connection().await?)
    }

    pub(crate) async fn register(&self, customer: &Customer) -> Result<Answer> {
        self.client().post("/api/users/register", &customer.registration()).await
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> Result<Answer> {
        self.client().post("/api/users/login", &json!({"email": email, "password": password})).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Result<Answer> {
        self.client().post("/api/users/refresh", &json!({"refresh_token": token})).await
    }

    /// A customer who is registered and logged in.
    pub(crate) async fn session(&self) -> Result<Session> {
        let customer = Customer::new();
        self.register(&customer).await?.expect(202)?;
        self.session_of(&customer).await
    }

    /// One more session of a customer.
    pub(crate) async fn session_of(&self, customer: &Customer) -> Result<Session> {
        let login = self.login(&customer.email, &customer.password).await?.expect(200)?;
        Ok(Session::of(self.client(), &login))
    }

    /// Somebody who runs the shop.
    pub(crate) async fn admin(&self) -> Result<Session> {
        let session = self.session().await?;
        sqlx::query("update user_service.users set roles = '{customer,admin}' where id = $1")
            .bind(Uuid::parse_str(&session.user_id)?)
            .execute(&mut self.database().await?)
            .await?;
        let refreshed = self.refresh(&session.refresh_token).await?.expect(200)?;
        Ok(Session::of(self.client(), &refreshed))
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

impl Session {
    pub(crate) fn of(client: &Client, answer: &Answer) -> Self {
        let json = answer.json();
        let text = |field: &str| json[field].as_str().unwrap_or_default().to_owned();
        let token = text("access_token");
        Self {
            client: client.with_token(&token),
            user_id: text("user_id"),
            id: text("session_id"),
            refresh_token: text("refresh_token"),
            token,
        }
    }

    /// Asks with a method that has no body here.
    pub(crate) async fn ask(&self, method: Method, path: &str) -> Result<Answer> {
        self.client.send(self.client.request(method, path)?).await
    }

    pub(crate) async fn change(&self, changes: &Value) -> Result<Answer> {
        self.client.send(self.client.request(Method::PATCH, ME)?.json(changes)).await
    }

    pub(crate) async fn log_out(&self) -> Result<Answer> {
        self.ask(Method::POST, "/api/users/logout").await
    }

    pub(crate) async fn erase(&self) -> Result<Answer> {
        self.client.delete(ME).await
    }

    pub(crate) fn id(&self) -> Result<Uuid> {
        Ok(Uuid::parse_str(&self.user_id)?)
    }
}

/// A problem document without what differs each time.
pub(crate) fn without_trace(answer: &Answer) -> Value {
    let mut body = answer.json();
    body["trace_id"].take();
    body
}

/// How many committed events hold a text.
pub(crate) async fn count_events(app: &TestApp, text: &str) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select count(*) from user_service.outbox where strpos(convert_from(payload, 'UTF8'), $1) > 0",
    )
    .bind(text)
    .fetch_one(&mut app.database().await?)
    .await?)
}

/// Lets a user have so many more sessions, begun just now.
pub(crate) async fn begin_sessions(app: &TestApp, user_id: Uuid, count: usize) -> Result<()> {
    let ids: Vec<_> = (0..count).map(|_| Uuid::now_v7()).collect();
    sqlx::query(
        "insert into user_service.user_sessions (id, user_id, session_token, started_at, expires_at) \
         select id, $1, gen_random_uuid(), now(), now() + interval '1 day' from unnest($2::uuid[]) id",
    )
    .bind(user_id)
    .bind(ids)
    .execute(&mut app.database().await?)
    .await?;
    Ok(())
}
