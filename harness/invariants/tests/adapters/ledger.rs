//! The provider's ledger, from a provider that answers as the real one does: newest first, at most a thousand, none after `before`.

use std::collections::HashMap;

use axum::Json;
use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::routing::get;
use ecotrack_invariants::source::ledger;
use serde_json::{Value, json};
use url::Url;

const MOST: usize = 1000;

pub(crate) fn entry(id: i64) -> Value {
    json!({
        "id": id, "at": "2026-11-22T10:00:00Z", "provider": "stripe", "operation": "payment_intent", "idempotency_key": null,
        "reference": null, "outcome": "accepted", "body": {}, "amount_minor": 5,
    })
}

/// A provider with this ledger.
pub(crate) async fn provider(ledger: Vec<Value>) -> Url {
    let page = move |Query(query): Query<HashMap<String, String>>| {
        let before: i64 = query.get("before").map_or(i64::MAX, |before| before.parse().unwrap());
        let limit: usize = query["limit"].parse().unwrap();
        let newest_first =
            ledger.iter().rev().filter(|entry| entry["id"].as_i64().unwrap() < before);
        let page: Vec<Value> = newest_first.take(limit.min(MOST)).cloned().collect();
        async move { Json(page) }
    };
    serve(Router::new().route("/ledger", get(page))).await
}

async fn serve(router: Router) -> Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Url::parse(&format!("http://{address}")).unwrap()
}

#[tokio::test]
async fn a_ledger_of_any_length_is_read_page_by_page_oldest_first() {
    for length in [0, 1, 1000, 2500] {
        let url = provider((1..=length).map(entry).collect()).await;
        let ids: Vec<i64> =
            ledger::read(&url).await.unwrap().iter().map(|entry| entry.id).collect();
        assert_eq!(ids, (1..=length).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_provider_that_cannot_page_is_not_asked_for_ever() {
    let page = || async { Json((1..=1000).rev().map(entry).collect::<Vec<_>>()) };
    let url = serve(Router::new().route("/ledger", get(page))).await;
    assert!(format!("{:#}", ledger::read(&url).await.unwrap_err()).contains("same page"));
}

#[tokio::test]
async fn a_provider_that_refuses_is_an_error_and_not_an_empty_ledger() {
    let url =
        serve(Router::new().route("/ledger", get(|| async { StatusCode::SERVICE_UNAVAILABLE })))
            .await;
    assert!(format!("{:#}", ledger::read(&url).await.unwrap_err()).contains("503"));
}
