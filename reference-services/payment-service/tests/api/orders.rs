//! order-service as payment-service sees it: what is owed, to whom it belongs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use uuid::Uuid;

/// order-service's books. Clones are one.
#[derive(Clone, Default)]
pub(crate) struct Orders(Arc<Mutex<Books>>);

#[derive(Default)]
struct Books {
    orders: HashMap<Uuid, Order>,
    instead: Option<Answer>,
}

struct Order {
    token: String,
    user_id: Uuid,
    is_paid: bool,
    let_in: Option<Value>,
}

type Answer = (StatusCode, Value);

impl Orders {
    /// Starts listening and says where.
    pub(crate) async fn start(&self) -> Result<String> {
        let routes = Router::new()
            .route("/api/orders/{id}/payment", post(open_payment))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(address)
    }

    /// A placed order over 19.99 USD of the customer with this token.
    pub(crate) fn placed_by(&self, user_id: Uuid, token: &str) -> Uuid {
        let id = Uuid::now_v7();
        let order = Order { token: token.to_owned(), user_id, is_paid: false, let_in: None };
        self.books().orders.insert(id, order);
        id
    }

    /// From now on there is nothing to pay for the order.
    pub(crate) fn close(&self, id: Uuid) {
        self.books().orders.entry(id).and_modify(|order| order.is_paid = true);
    }

    /// From now on somebody on the way answers this. What is asked arrives all the same.
    pub(crate) fn answer_instead(&self, status: StatusCode, body: Value) {
        self.books().instead = Some((status, body));
    }

    /// From now on its own answers arrive again.
    pub(crate) fn answer_again(&self) {
        self.books().instead = None;
    }

    /// From now on every request fails.
    pub(crate) fn break_down(&self) {
        self.answer_instead(StatusCode::SERVICE_UNAVAILABLE, Value::Null);
    }

    /// Whether a payment of the order was let in.
    pub(crate) fn is_open(&self, id: Uuid) -> bool {
        self.books().orders.get(&id).is_some_and(|order| order.let_in.is_some())
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    fn let_in(&mut self, id: Uuid, bearer: &str, offer: &Value) -> Answer {
        match self.orders.get_mut(&id) {
            Some(order) if bearer != format!("Bearer {}", order.token) => {
                refusal(StatusCode::NOT_FOUND, "order-not-found")
            }
            Some(_)
                if (&offer["amount"], &offer["currency"]) != (&json!("19.99"), &json!("USD")) =>
            {
                refusal(StatusCode::UNPROCESSABLE_ENTITY, "invalid-request")
            }
            Some(order) if order.is_paid => refusal(StatusCode::CONFLICT, "order-status"),
            Some(Order { let_in: Some(other), .. }) if *other != offer["payment_id"] => {
                refusal(StatusCode::CONFLICT, "payment-under-way")
            }
            Some(order) => {
                order.let_in = Some(offer["payment_id"].clone());
                let due = json!({"order_id": id, "user_id": order.user_id, "amount": "19.99", "currency": "USD", "status": "payment_pending"});
                (StatusCode::OK, due)
            }
            None => refusal(StatusCode::NOT_FOUND, "order-not-found"),
        }
    }
}

fn refusal(status: StatusCode, code: &str) -> Answer {
    (status, problem(code))
}

/// A problem document of one of our services.
pub(crate) fn problem(code: &str) -> Value {
    json!({"type": format!("https://api.ecotrack.platform.dev/problems/{code}")})
}

async fn open_payment(
    State(orders): State<Orders>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(offer): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let bearer =
        headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut books = orders.books();
    let answer = books.let_in(id, bearer, &offer);
    let (status, body) = books.instead.clone().unwrap_or(answer);
    (status, Json(body))
}
