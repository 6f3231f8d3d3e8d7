//! The shop over HTTP: each request is written down before it leaves and each answer at once.

use std::error::Error as _;

use anyhow::Context as _;
use rand::RngCore as _;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::{Addresses, Settings};
use crate::journal::{Action, Answer, Item, Recorder, Request};

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    /// The session's name in the journal.
    pub(super) session: String,
    /// Who, once known.
    pub(super) user_id: Option<Uuid>,
    /// The access token, once there is one. It never enters the journal.
    pub(super) token: Option<String>,
}

/// The way to the services and to the journal.
pub(super) struct Shop {
    client: Client,
    addresses: Addresses,
    recorder: Recorder,
}

impl Shop {
    pub(super) fn open(settings: &Settings, recorder: Recorder) -> anyhow::Result<Self> {
        let client = Client::builder()
            .timeout(settings.answer_within)
            .build()
            .context("cannot make an HTTP client")?;
        Ok(Self { client, addresses: settings.addresses.clone(), recorder })
    }

    pub(super) async fn register(
        &self,
        asker: &Asker,
        email: &str,
        password: &str,
    ) -> anyhow::Result<Answer> {
        let body = json!({"email": email, "password": password, "first_name": "Load", "last_name": "Test"});
        let request =
            self.request(Method::POST, &self.addresses.users, "/api/users/register")?.json(&body);
        self.ask(asker, Action::Register, request).await
    }

    /// The journal learns the user's id and nothing else of the answer; the caller gets all of it.
    pub(super) async fn login(
        &self,
        asker: &Asker,
        email: &str,
        password: &str,
    ) -> anyhow::Result<Answer> {
        let body = json!({"email": email, "password": password});
        let request =
            self.request(Method::POST, &self.addresses.users, "/api/users/login")?.json(&body);
        self.ask(asker, Action::Login, request).await
    }

    pub(super) async fn products(&self, asker: &Asker) -> anyhow::Result<Answer> {
        let request = self.request(Method::GET, &self.addresses.products, "/api/products")?;
        self.ask(asker, Action::Browse, request).await
    }

    pub(super) async fn place(
        &self,
        asker: &Asker,
        key: &str,
        items: &[Item],
        method: &str,
    ) -> anyhow::Result<Answer> {
        let body = json!({"items": items, "payment_method": method});
        let request = self.request(Method::POST, &self.addresses.orders, "/api/orders")?;
        let action = Action::PlaceOrder { idempotency_key: key.to_owned(), items: items.to_vec() };
        self.ask(asker, action, request.header("Idempotency-Key", key).json(&body)).await
    }

    pub(super) async fn cancel(&self, asker: &Asker, order_id: Uuid) -> anyhow::Result<Answer> {
        let path = format!("/api/orders/{order_id}/cancel");
        let request = self.request(Method::POST, &self.addresses.orders, &path)?;
        self.ask(asker, Action::Cancel { order_id }, request).await
    }

    pub(super) async fn look(&self, asker: &Asker, order_id: Uuid) -> anyhow::Result<Answer> {
        let request =
            self.request(Method::GET, &self.addresses.orders, &format!("/api/orders/{order_id}"))?;
        self.ask(asker, Action::ReadOrder { order_id }, request).await
    }

    pub(super) async fn pay(
        &self,
        asker: &Asker,
        key: &str,
        order: &Value,
        method: &str,
        token: &str,
    ) -> anyhow::Result<Answer> {
        let text = |field: &str| order[field].as_str().unwrap_or_default().to_owned();
        let order_id = text("order_id").parse().context("an order without an id")?;
        let (amount, currency) = (text("total_amount"), text("currency"));
        let body = json!({
            "order_id": order_id, "amount": amount, "currency": currency, "method": method, "payment_token": token,
        });
        let request = self.request(Method::POST, &self.addresses.payments, "/api/payments")?;
        let action = Action::Pay { idempotency_key: key.to_owned(), order_id, amount, currency };
        self.ask(asker, action, request.header("Idempotency-Key", key).json(&body)).await
    }

    pub(super) async fn refund(
        &self,
        asker: &Asker,
        key: &str,
        payment_id: Uuid,
    ) -> anyhow::Result<Answer> {
        let path = format!("/api/payments/{payment_id}/refund");
        let request = self.request(Method::POST, &self.addresses.payments, &path)?;
        // An empty wish is one for all that is left.
        let request = request.header("Idempotency-Key", key).json(&json!({}));
        self.ask(asker, Action::Refund { payment_id }, request).await
    }

    fn request(&self, method: Method, service: &Url, path: &str) -> anyhow::Result<RequestBuilder> {
        let url = service
            .join(path)
            .with_context(|| format!("{service} cannot be extended by {path}"))?;
        Ok(self.client.request(method, url))
    }

    async fn ask(
        &self,
        asker: &Asker,
        action: Action,
        builder: RequestBuilder,
    ) -> anyhow::Result<Answer> {
        let trace_id = Uuid::new_v4().simple().to_string();
        let is_login = matches!(action, Action::Login);
        let keeps_body = !matches!(action, Action::Browse | Action::Register);
        let (session, user_id) = (asker.session.clone(), asker.user_id);
        let request = Request { session, user_id, trace_id: Some(trace_id.clone()), action };
        let pending = self.recorder.send(&request).await?;
        let builder = builder.header(
            "traceparent",
            format!("00-{trace_id}-{:016x}-01", rand::rng().next_u64().max(1)),
        );
        let builder = match &asker.token {
            Some(token) => builder.bearer_auth(token),
            None => builder,
        };
        let answer = send(builder).await;
        pending.answered(&for_journal(&answer, is_login, keeps_body)).await?;
        Ok(answer)
    }
}

async fn send(builder: RequestBuilder) -> Answer {
    let answered = async {
        let response = builder.send().await?;
        let status = response.status().as_u16();
        Ok::<_, reqwest::Error>(Answer::of(status, Some(response.text().await?)))
    };
    answered.await.unwrap_or_else(|error| {
        let reached = !error.is_connect() && !error.is_builder();
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        Answer::lost(reached, format!("{error}: {cause}"))
    })
}

/// What of an answer may be written down: of a login who it was, of a catalogue nothing.
fn for_journal(answer: &Answer, is_login: bool, keeps_body: bool) -> Answer {
    let mut kept = answer.clone();
    if is_login {
        let user_id = read(answer)["user_id"].clone();
        kept.body = user_id.is_string().then(|| json!({"user_id": user_id}).to_string());
    } else if !keeps_body {
        kept.body = None;
    }
    kept
}

/// The document that an answer is; null if it is none.
pub(super) fn read(answer: &Answer) -> Value {
    answer.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or(Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_enters_the_journal() {
        let body = json!({"access_token": "secret", "user_id": Uuid::nil()}).to_string();
        let kept = for_journal(&Answer::of(200, Some(body)), true, true);
        assert_eq!(kept.body.unwrap(), json!({"user_id": Uuid::nil()}).to_string());
        let refused =
            for_journal(&Answer::of(401, Some("{\"detail\":\"secret\"}".to_owned())), true, true);
        assert_eq!(refused.body, None);
    }

    #[test]
    fn an_order_is_kept_byte_for_byte() {
        let answer = Answer::of(201, Some("{ \"order_id\":1}".to_owned()));
        assert_eq!(for_journal(&answer, false, true), answer);
    }
}
