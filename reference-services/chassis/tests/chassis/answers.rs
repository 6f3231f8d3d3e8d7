//! Answers of other services: whether they come to their end, and whose words a refusal is in.

use std::{convert::Infallible, future::ready};

use anyhow::Result;
use axum::{Json, Router, body::Body, http::StatusCode, routing::any};
use ecotrack_chassis::{
    ApiError,
    breaker::{Breaker, BreakerSettings, BreakerStates},
    http_client::{ClientError, SERVICE_BREAKER, ServiceClient},
};
use futures::{StreamExt as _, future::join_all, stream};
use serde_json::{Value, json};
use url::Url;

async fn serve(routes: Router) -> Result<ServiceClient> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
    tokio::spawn(async move { axum::serve(listener, routes).await });
    ServiceClient::new("callee", url)
}

fn guarded(client: ServiceClient, settings: BreakerSettings) -> ServiceClient {
    client.with_breaker(Breaker::new("callee", settings, &BreakerStates::default()))
}

/// The head of an answer at once, and a body that never ends.
async fn hang() -> Body {
    let begun = stream::once(ready(Ok::<_, Infallible>("{")));
    Body::from_stream(begun.chain(stream::pending()))
}

#[tokio::test]
async fn nobody_asks_whom_the_last_ones_waited_for_in_the_middle_of_an_answer() -> Result<()> {
    let client = guarded(serve(Router::new().fallback(any(hang))).await?, SERVICE_BREAKER);
    let body = json!({});
    let post = || client.post::<_, Value>("/x", None, &body);
    // All at once: each waits as long as a call may take.
    for answer in join_all((0..SERVICE_BREAKER.failures).map(|_| post())).await {
        assert!(matches!(answer, Err(ClientError::Body { .. })), "{answer:?}");
    }
    let refused = post().await;
    assert!(matches!(refused, Err(ClientError::Open(_))), "{refused:?}");
    Ok(())
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_one_all_the_same() -> Result<()> {
    let away = any(async || StatusCode::SERVICE_UNAVAILABLE);
    let routes = Router::new().route("/hang", any(hang)).route("/away", away);
    let settings = BreakerSettings { failures: 2, ..SERVICE_BREAKER };
    let client = guarded(serve(routes).await?, settings);
    for _ in 0..3 {
        let failed = client.post::<_, Value>("/away", None, &json!({})).await;
        assert!(matches!(failed, Err(ClientError::Status { .. })), "{failed:?}");
        client.delete("/hang", None).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_refusal_says_what_it_is_about_in_the_words_of_our_services_alone() -> Result<()> {
    let ours = any(async || ApiError::conflict("sold-out", "nothing is left"));
    let standard = json!({"type": "about:blank", "title": "Conflict", "status": 409});
    let others = any(async move || (StatusCode::CONFLICT, Json(standard)));
    let page = any(async || (StatusCode::CONFLICT, "<h1>409 Conflict</h1>"));
    let routes = Router::new().route("/ours", ours).route("/others", others).route("/page", page);
    let client = serve(routes).await?;
    for (path, code) in [("/ours", Some("sold-out")), ("/others", None), ("/page", None)] {
        let error = client.get::<Value>(path, None).await.unwrap_err();
        assert_eq!((error.status(), error.problem()), (Some(StatusCode::CONFLICT), code), "{path}");
    }
    Ok(())
}
