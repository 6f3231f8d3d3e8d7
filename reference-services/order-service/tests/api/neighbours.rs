//! user-service and product-service as order-service sees them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use axum::extract::{Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

/// What product-service would know: prices and what is reserved for whom.
#[derive(Clone, Default)]
pub(crate) struct Neighbours {
    shelf: Arc<Mutex<Shelf>>,
}

#[derive(Default)]
struct Shelf {
    prices: HashMap<Uuid, (&'static str, &'static str)>,
    reserved: Vec<Uuid>,
    is_empty: bool,
    is_away: bool,
    /// What somebody on the way answers in product-service's place.
    answered_on_the_way: Option<StatusCode>,
    users: Users,
    asked: usize,
    releases: usize,
    tokens: Vec<String>,
    held_for: Option<TimeDelta>,
}

/// How user-service answers.
#[derive(Clone, Copy, Default)]
enum Users {
    #[default]
    Well,
    WithAnError,
    Gone,
    OnTheWay(StatusCode),
    Never,
}

/// How long product-service holds stock when nothing else is said.
const HELD_FOR: TimeDelta = TimeDelta::minutes(15);

impl Neighbours {
    /// Starts listening and says where. `keys` are those that tokens are checked with.
    pub(crate) async fn start(&self, keys: Value) -> Result<String> {
        let routes = Router::new()
            .route("/.well-known/jwks.json", get(async move || Json(keys.clone())))
            .route("/api/users/{id}", get(profile))
            .route("/api/products/reservations", post(reserve))
            .route("/api/products/reservations/{order_id}", delete(release))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(address)
    }

    /// Puts a product on the shelf.
    pub(crate) fn product(&self, price: &'static str, currency: &'static str) -> Uuid {
        let id = Uuid::now_v7();
        self.shelf().prices.insert(id, (price, currency));
        id
    }

    /// Whether nothing is in stock.
    pub(crate) fn set_sold_out(&self, sold_out: bool) {
        self.shelf().is_empty = sold_out;
    }

    /// Whether product-service answers with an error.
    pub(crate) fn set_away(&self, away: bool) {
        self.shelf().is_away = away;
    }

    /// What somebody on the way answers to whoever asks product-service, if anybody does.
    pub(crate) fn set_answered_on_the_way(&self, status: Option<StatusCode>) {
        self.shelf().answered_on_the_way = status;
    }

    /// Whether user-service answers with an error.
    pub(crate) fn set_users_away(&self, away: bool) {
        self.shelf().users = if away { Users::WithAnError } else { Users::Well };
    }

    /// From now on user-service knows nobody.
    pub(crate) fn let_users_be_gone(&self) {
        self.shelf().users = Users::Gone;
    }

    /// From now on somebody on the way answers in user-service's place.
    pub(crate) fn let_users_be_answered_on_the_way(&self, status: StatusCode) {
        self.shelf().users = Users::OnTheWay(status);
    }

    /// From now on user-service takes questions and never answers.
    pub(crate) fn let_users_hang(&self) {
        self.shelf().users = Users::Never;
    }

    /// How long stock is held from now on.
    pub(crate) fn hold_for(&self, time: TimeDelta) {
        self.shelf().held_for = Some(time);
    }

    /// How often stock was asked for, in vain or not.
    pub(crate) fn asked(&self) -> usize {
        self.shelf().asked
    }

    /// How often stock was given back, in vain or not.
    pub(crate) fn releases(&self) -> usize {
        self.shelf().releases
    }

    /// On whose behalf the neighbours were asked: what came as `authorization`.
    pub(crate) fn tokens(&self) -> Vec<String> {
        self.shelf().tokens.clone()
    }

    /// Orders for which stock is held.
    pub(crate) fn reserved(&self) -> Vec<Uuid> {
        self.shelf().reserved.clone()
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn note_token(&mut self, headers: &HeaderMap) {
        let token = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        self.tokens.push(token.unwrap_or_default().to_owned());
    }
}

async fn profile(
    State(neighbours): State<Neighbours>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> (StatusCode, Json<Value>) {
    let users = {
        let mut shelf = neighbours.shelf();
        shelf.note_token(&headers);
        shelf.users
    };
    match users {
        Users::Well => (StatusCode::OK, Json(json!({"user_id": id}))),
        Users::WithAnError => (StatusCode::SERVICE_UNAVAILABLE, Json(Value::Null)),
        Users::Gone => (StatusCode::NOT_FOUND, problem("not-found")),
        Users::OnTheWay(status) => (status, Json(Value::Null)),
        Users::Never => std::future::pending().await,
    }
}

async fn reserve(
    State(neighbours): State<Neighbours>,
    headers: HeaderMap,
    Json(wish): Json<Value>,
) -> (StatusCode, Json<Value>) {
    let mut shelf = neighbours.shelf();
    shelf.asked += 1;
    shelf.note_token(&headers);
    if shelf.is_away {
        return (StatusCode::INTERNAL_SERVER_ERROR, Json(Value::Null));
    }
    if let Some(status) = shelf.answered_on_the_way {
        return (status, Json(Value::Null));
    }
    if shelf.is_empty {
        return (StatusCode::CONFLICT, problem("sold-out"));
    }
    let wanted = wish["items"].as_array().cloned().unwrap_or_default();
    let priced = |item: &Value| {
        let product = item["product_id"].as_str()?.parse().ok()?;
        let (price, currency) = shelf.prices.get(&product)?;
        Some(
            json!({"product_id": product, "quantity": item["quantity"], "unit_price": price, "currency": currency}),
        )
    };
    let items: Vec<_> = wanted.iter().filter_map(priced).collect();
    if items.len() < wanted.len() {
        return (StatusCode::UNPROCESSABLE_ENTITY, problem("invalid-request"));
    }
    if let Some(order_id) = wish["order_id"].as_str().and_then(|id| id.parse().ok())
        && !shelf.reserved.contains(&order_id)
    {
        shelf.reserved.push(order_id);
    }
    let expires_at = Utc::now() + shelf.held_for.unwrap_or(HELD_FOR);
    let granted = json!({"order_id": wish["order_id"], "expires_at": expires_at, "items": items});
    (StatusCode::OK, Json(granted))
}

/// A refusal in product-service's own words, as far as order-service reads them.
fn problem(code: &str) -> Json<Value> {
    Json(json!({"type": format!("https://api.ecotrack.platform.dev/problems/{code}")}))
}

async fn release(State(neighbours): State<Neighbours>, Path(order_id): Path<Uuid>) -> StatusCode {
    let mut shelf = neighbours.shelf();
    shelf.releases += 1;
    if shelf.is_away {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    if let Some(status) = shelf.answered_on_the_way {
        return status;
    }
    shelf.reserved.retain(|reserved| *reserved != order_id);
    StatusCode::NO_CONTENT
}
