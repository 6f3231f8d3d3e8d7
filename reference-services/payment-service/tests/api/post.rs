//! The way of webhooks from the sandbox to payment-service, which starts later: nothing arrives before it is there.

use std::sync::{Arc, OnceLock};

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use url::Url;

/// Hands on what it gets.
#[derive(Clone, Default)]
pub(crate) struct Post(Arc<OnceLock<Url>>);

impl Post {
    /// Starts listening and says where.
    pub(crate) async fn start(&self) -> Result<String> {
        let routes = Router::new().fallback(hand_on).with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Ok(address)
    }

    /// From now on webhooks arrive.
    pub(crate) fn deliver_to(&self, service: Url) {
        self.0.get_or_init(|| service);
    }
}

async fn hand_on(
    State(post): State<Post>,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let Some(url) = post.0.get().and_then(|service| service.join(uri.path()).ok()) else {
        return StatusCode::SERVICE_UNAVAILABLE;
    };
    headers.remove("host");
    let client = reqwest::Client::builder().tls_certs_only([]).build();
    let Ok(client) = client else { return StatusCode::INTERNAL_SERVER_ERROR };
    match client.post(url).headers(headers).body(body).send().await {
        Ok(answer) => answer.status(),
        Err(_) => StatusCode::BAD_GATEWAY,
    }
}
