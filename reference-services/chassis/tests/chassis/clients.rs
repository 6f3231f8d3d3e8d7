//! Calls to other services: in time, repeated with measure, and not at all when nobody answers.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU16, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Result, ensure};
use axum::{
    Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::any,
};
use ecotrack_chassis::{
    Chassis,
    breaker::{Breaker, BreakerSettings, BreakerStates},
    http_client::{ClientError, ServiceClient},
    test_support::Fixture,
};
use serde_json::{Value, json};
use url::Url;
use utoipa::OpenApi as _;

#[derive(utoipa::OpenApi)]
struct Document;

/// Somebody who answers what they are told to and counts.
#[derive(Default)]
struct Callee {
    status: AtomicU16,
    asked: AtomicUsize,
    headers: Mutex<HeaderMap>,
}

impl Callee {
    async fn start(status: u16) -> Result<(Arc<Self>, Url)> {
        let callee = Arc::new(Self::default());
        callee.answer_with(status);
        let routes = Router::new().fallback(any(answer)).with_state(Arc::clone(&callee));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok((callee, url))
    }

    fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    fn header(&self, name: &str) -> Option<String> {
        let headers = self.headers.lock().unwrap_or_else(PoisonError::into_inner);
        Some(headers.get(name)?.to_str().ok()?.to_owned())
    }
}

async fn answer(
    State(callee): State<Arc<Callee>>,
    headers: HeaderMap,
) -> (StatusCode, Json<Value>) {
    callee.asked.fetch_add(1, Ordering::Relaxed);
    *callee.headers.lock().unwrap_or_else(PoisonError::into_inner) = headers;
    let status = StatusCode::from_u16(callee.status.load(Ordering::Relaxed));
    (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), Json(json!({})))
}

#[tokio::test]
async fn reading_is_repeated_and_writing_is_not() -> Result<()> {
    let (callee, url) = Callee::start(503).await?;
    let client = ServiceClient::new("callee", url)?;
    assert!(client.post::<_, Value>("/x", None, &json!({})).await.is_err());
    assert_eq!(callee.asked(), 1);
    assert!(client.get::<Value>("/x", None).await.is_err());
    assert_eq!(callee.asked(), 1 + 5);
    Ok(())
}

#[tokio::test]
async fn a_refusal_is_not_asked_again() -> Result<()> {
    for status in [400, 404, 409, 422, 500] {
        let (callee, url) = Callee::start(status).await?;
        let error = ServiceClient::new("callee", url)?.get::<Value>("/x", None).await.unwrap_err();
        assert_eq!(
            (error.status().map(|status| status.as_u16()), callee.asked()),
            (Some(status), 1)
        );
    }
    Ok(())
}

#[tokio::test]
async fn retries_are_a_tenth_of_the_requests_in_the_long_run() -> Result<()> {
    let (callee, url) = Callee::start(503).await?;
    let client = ServiceClient::new("callee", url)?;
    for _ in 0..200 {
        assert!(client.get::<Value>("/x", None).await.is_err());
    }
    // Ten retries are saved up in the beginning.
    let retries = callee.asked() - 200;
    assert!((10..=30).contains(&retries), "{retries} retries");
    Ok(())
}

#[tokio::test]
async fn after_some_failures_nobody_asks_until_a_probe_succeeds() -> Result<()> {
    let (callee, url) = Callee::start(503).await?;
    let settings =
        BreakerSettings { failures: 3, open_for: Duration::from_millis(200), half_open_calls: 1 };
    let breaker = Breaker::new("callee", settings, &BreakerStates::default());
    let client = ServiceClient::new("callee", url)?.with_breaker(breaker);
    let body = json!({});
    let post = || client.post::<_, Value>("/x", None, &body);
    for _ in 0..3 {
        assert!(matches!(post().await, Err(ClientError::Status { .. })));
    }
    for _ in 0..10 {
        let error = post().await.unwrap_err();
        assert!(error.is_unsent() && error.retry_after().is_some(), "{error}");
    }
    assert_eq!(callee.asked(), 3);
    callee.answer_with(200);
    ecotrack_chassis::test_support::eventually(|| async { Ok(post().await.map(drop)?) }).await?;
    assert_eq!(callee.asked(), 4);
    Ok(())
}

#[tokio::test]
async fn whoever_was_asked_once_is_not_unasked_when_the_way_closes() -> Result<()> {
    let (callee, url) = Callee::start(503).await?;
    let settings =
        BreakerSettings { failures: 2, open_for: Duration::from_mins(1), half_open_calls: 1 };
    let breaker = Breaker::new("callee", settings, &BreakerStates::default());
    let client = ServiceClient::new("callee", url)?.with_breaker(breaker);
    let body = json!({});
    let post = || client.post_idempotent::<_, Value>("/x", None, &body);
    let error = post().await.unwrap_err();
    assert_eq!((callee.asked(), error.is_unsent()), (2, false), "{error}");
    let error = post().await.unwrap_err();
    assert_eq!((callee.asked(), error.is_unsent()), (2, true), "{error}");
    Ok(())
}

#[tokio::test]
async fn the_callee_is_told_how_long_its_caller_still_waits() -> Result<()> {
    let (callee, url) = Callee::start(200).await?;
    let fixture = Fixture::new().await?.with("ECOTRACK_CALLEE_URL", url.as_str());
    let build = async |settings| {
        let chassis = Chassis::new(settings);
        let client = chassis.client("callee", "ECOTRACK_CALLEE_URL")?;
        let ask = async move || match client.get::<Value>("/x", None).await {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::BAD_GATEWAY,
        };
        chassis.serve(Router::new().route("/", any(ask)), Document::openapi()).await
    };
    let service = fixture.start("test-service", build).await?;
    let told = async |given: &str| -> Result<u64> {
        let request = service.client.request(reqwest::Method::GET, "/")?;
        service.client.send(request.header("x-request-timeout-ms", given)).await?.expect(200)?;
        Ok(callee.header("x-request-timeout-ms").unwrap_or_default().parse()?)
    };
    assert!(told("1000").await? <= 1000);
    // A call has its own limit, however long the caller would wait.
    assert_eq!(told("86400000").await?, 3000);
    let exported = service.client.metric(r#"circuit_breaker_state{name="callee"}"#).await?;
    ensure!(exported.as_deref() == Some("0"), "{exported:?}");
    Ok(())
}

#[tokio::test]
async fn callers_in_a_hurry_close_the_way_for_nobody() -> Result<()> {
    // Takes connections and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", silent.local_addr()?);
    let fixture = Fixture::new().await?.with("ECOTRACK_CALLEE_URL", &address);
    let build = async |settings| {
        let chassis = Chassis::new(settings);
        let client = chassis.client("callee", "ECOTRACK_CALLEE_URL")?;
        let ask = async move || match client.post::<_, Value>("/x", None, &json!({})).await {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::BAD_GATEWAY,
        };
        chassis.serve(Router::new().route("/", any(ask)), Document::openapi()).await
    };
    let service = fixture.start("test-service", build).await?;
    for _ in 0..10 {
        let request = service.client.request(reqwest::Method::GET, "/")?;
        let answer = service.client.send(request.header("x-request-timeout-ms", "20")).await?;
        ensure!(answer.status.is_server_error(), "{}", answer.status);
    }
    let state = service.client.metric(r#"circuit_breaker_state{name="callee"}"#).await?;
    assert_eq!(state.as_deref(), Some("0"), "the breaker opened");
    Ok(())
}

#[tokio::test]
async fn an_answer_longer_than_anything_we_ask_for_is_not_read() -> Result<()> {
    let answer = async |Path(bytes): Path<usize>| Json(json!("x".repeat(bytes)));
    let routes = Router::new().route("/{bytes}", any(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let client = ServiceClient::new("callee", url)?;
    ensure!(client.get::<Value>("/1000000", None).await.is_ok(), "the twin is refused");
    let refused = client.get::<Value>("/2000000", None).await;
    assert!(matches!(refused, Err(ClientError::Body { .. })), "{refused:?}");
    Ok(())
}
