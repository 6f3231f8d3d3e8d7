//! order-service as payment-service sees it: what is owed, to whom it belongs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use uuid::Uuid;

/// Orders by id, and whether order-service is out of order.
#[derive(Clone, Default)]
pub(crate) struct Orders(Arc<Mutex<HashMap<Uuid, Order>>>, Arc<AtomicBool>);

struct Order {
    token: String,
    user_id: Uuid,
    is_paid: bool,
    let_in: Option<Value>,
}

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
        self.orders()
            .insert(id, Order { token: token.to_owned(), user_id, is_paid: false, let_in: None });
        id
    }

    /// From now on there is nothing to pay for the order.
    pub(crate) fn close(&self, id: Uuid) {
        self.orders().entry(id).and_modify(|order| order.is_paid = true);
    }

    /// From now on every request fails.
    pub(crate) fn break_down(&self) {
        self.1.store(true, Ordering::Relaxed);
    }

    /// Whether a payment of the order was let in.
    pub(crate) fn is_open(&self, id: Uuid) -> bool {
        self.orders().get(&id).is_some_and(|order| order.let_in.is_some())
    }

    fn orders(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Order>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn open_payment(
    State(orders): State<Orders>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
    Json(offer): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let bearer =
        headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if orders.1.load(Ordering::Relaxed) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(Value::Null));
    }
    let mut orders = orders.orders();
    match orders.get_mut(&id) {
        Some(order) if bearer != format!("Bearer {}", order.token) => {
            (StatusCode::NOT_FOUND, Json(Value::Null))
        }
        Some(_) if (&offer["amount"], &offer["currency"]) != (&json!("19.99"), &json!("USD")) => {
            (StatusCode::UNPROCESSABLE_ENTITY, Json(Value::Null))
        }
        Some(order) if order.is_paid => (StatusCode::CONFLICT, Json(Value::Null)),
        Some(Order { let_in: Some(other), .. }) if *other != offer["payment_id"] => {
            (StatusCode::CONFLICT, Json(Value::Null))
        }
        Some(order) => {
            order.let_in = Some(offer["payment_id"].clone());
            let due = json!({"order_id": id, "user_id": order.user_id, "amount": "19.99", "currency": "USD", "status": "payment_pending"});
            (StatusCode::OK, Json(due))
        }
        None => (StatusCode::NOT_FOUND, Json(Value::Null)),
    }
}
