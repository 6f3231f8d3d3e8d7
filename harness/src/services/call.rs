//! Requests to `EcoTrack` in the words of its customers, as values: sent by [`super::EcoTrack`], shown in the evidence.

use std::fmt;

use reqwest::Method;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Order;

/// Names a request, so that sending it again does not repeat it.
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Somebody who can register and log in.
#[derive(Clone)]
pub struct Customer {
    /// Their address; nobody else has it.
    pub email: String,
    /// Their password.
    pub password: SecretString,
    /// Their first name.
    pub name: String,
}

impl Customer {
    /// A customer of one scenario.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            email: format!("customer-{name}-{}@conformance.example", Uuid::new_v4().simple()),
            password: SecretString::from(format!("Correct-horse-{}", Uuid::new_v4().simple())),
            name: format!("Customer {name}"),
        }
    }
}

/// A customer who is logged in.
#[derive(Clone)]
pub struct Session {
    /// The access token.
    pub token: SecretString,
    /// Who it is.
    pub user_id: String,
    /// The session's id.
    pub session_id: String,
}

/// One request.
#[derive(Clone)]
pub struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<String>,
    pub(super) token: Option<SecretString>,
    pub(super) token_in_address: Option<SecretString>,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Call {
    /// A GET of a path with its query.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            body: None,
            token: None,
            token_in_address: None,
            headers: Vec::new(),
        }
    }

    /// A request without a body.
    pub fn send(method: Method, path: impl Into<String>) -> Self {
        Self { method, ..Self::get(path) }
    }

    /// A POST of a JSON document.
    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        Self { body: Some(body.to_string()), ..Self::send(Method::POST, path) }
    }

    /// With a body as it is, good JSON or not.
    #[must_use]
    pub fn body(self, body: impl Into<String>) -> Self {
        Self { body: Some(body.into()), ..self }
    }

    /// With the customer's token.
    #[must_use]
    pub fn as_user(self, session: &Session) -> Self {
        self.with_token(session.token.clone())
    }

    /// With any text as token.
    #[must_use]
    pub fn with_token(self, token: SecretString) -> Self {
        Self { token: Some(token), ..self }
    }

    /// With a token where none belongs: in the address.
    #[must_use]
    pub fn with_token_in_address(self, token: SecretString) -> Self {
        Self { token_in_address: Some(token), ..self }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// A new customer asks for an account.
    #[must_use]
    pub fn register(customer: &Customer) -> Self {
        Self::post("/api/users/register", &Self::registration(customer))
    }

    /// What a new customer says of themselves.
    #[must_use]
    pub fn registration(customer: &Customer) -> Value {
        json!({"email": customer.email, "password": customer.password.expose_secret(), "first_name": customer.name, "last_name": "Conformance"})
    }

    /// A customer logs in.
    #[must_use]
    pub fn login(email: &str, password: &SecretString) -> Self {
        Self::post(
            "/api/users/login",
            &json!({"email": email, "password": password.expose_secret()}),
        )
    }

    /// A customer orders some of one product.
    #[must_use]
    pub fn place_order(product_id: &str, quantity: u32, idempotency_key: &str) -> Self {
        let body = json!({"items": [{"product_id": product_id, "quantity": quantity}], "payment_method": "credit_card"});
        Self::post("/api/orders", &body).header(IDEMPOTENCY_KEY, idempotency_key)
    }

    /// A customer pays what an order costs by card.
    #[must_use]
    pub fn pay(order: &Order, card: &str, idempotency_key: &str) -> Self {
        Self::pay_by("credit_card", order, card, idempotency_key)
    }

    /// A customer pays what an order costs from a wallet.
    #[must_use]
    pub fn pay_by_wallet(order: &Order, idempotency_key: &str) -> Self {
        Self::pay_by("paypal", order, "tok_wallet", idempotency_key)
    }

    fn pay_by(method: &str, order: &Order, token: &str, idempotency_key: &str) -> Self {
        let (amount, currency) = (order.total.amount(), order.total.currency());
        let body = json!({"order_id": order.id, "amount": amount, "currency": currency, "method": method, "payment_token": token});
        Self::post("/api/payments", &body).header(IDEMPOTENCY_KEY, idempotency_key)
    }

    /// A customer wants all of a payment back.
    #[must_use]
    pub fn refund(payment_id: &str, idempotency_key: &str) -> Self {
        Self::post(format!("/api/payments/{payment_id}/refund"), &json!({}))
            .header(IDEMPOTENCY_KEY, idempotency_key)
    }

    /// The key under which the request is the same request, however often it is sent.
    #[must_use]
    pub fn idempotency_key(&self) -> Option<&str> {
        self.headers
            .iter()
            .find(|(name, _)| *name == IDEMPOTENCY_KEY)
            .map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Call {
    /// Method and path; bodies and tokens hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_shows_neither_password_nor_token() {
        let customer = Customer::named("a");
        let call = Call::login(&customer.email, &customer.password)
            .with_token(SecretString::from("t0k3n"))
            .with_token_in_address(SecretString::from("t0k3n"));
        assert_eq!(call.to_string(), "POST /api/users/login");
    }

    #[test]
    fn two_customers_of_one_name_differ() {
        assert_ne!(Customer::named("a").email, Customer::named("a").email);
    }
}
