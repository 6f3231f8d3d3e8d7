//! A service with a route of each kind, asked byte by byte.

use anyhow::Result;
use axum::{
    Router,
    routing::{get, post},
};
use ecotrack_chassis::{
    Chassis,
    auth::{Caller, Verifier},
    extract::{Json, Path},
    idempotency::IdempotencyKey,
    test_support::{Fixture, Issuer, Service},
};
use serde::Deserialize;
use utoipa::OpenApi as _;
use uuid::Uuid;

use crate::wire::{Reply, Wire};

pub(crate) const JSON: &str = "application/json";
/// What the route `/things` takes.
pub(crate) const GOOD: &[u8] = br#"{"lines":[{"quantity":1}]}"#;

#[derive(utoipa::OpenApi)]
pub(crate) struct Document;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    #[allow(dead_code, reason = "only its parsing is of interest")]
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[allow(dead_code, reason = "only its parsing is of interest")]
    quantity: u32,
}

/// A service with a route of each kind.
pub(crate) struct Target {
    pub(crate) service: Service,
    pub(crate) issuer: Issuer,
    _fixture: Fixture,
}

impl Target {
    pub(crate) async fn start() -> Result<Self> {
        let (fixture, issuer) = (Fixture::new().await?, Issuer::start().await?);
        let fixture = fixture.with("ECOTRACK_USER_SERVICE_URL", issuer.url.as_str());
        let build = async |settings| {
            let chassis = Chassis::new(settings);
            let verifier = chassis.verifier()?;
            chassis.serve(routes(verifier), Document::openapi()).await
        };
        let service = fixture.start("test-service", build).await?;
        Ok(Self { service, issuer, _fixture: fixture })
    }

    pub(crate) async fn send(&self, request: &[u8]) -> Result<Reply> {
        Wire::exchange(self.service.client.base(), request).await
    }

    /// Sends a request line with headers.
    pub(crate) async fn ask(&self, line: &str, headers: &str) -> Result<Reply> {
        self.send(
            format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n").as_bytes(),
        )
        .await
    }

    pub(crate) async fn post(&self, kind: &str, body: &[u8]) -> Result<Reply> {
        self.send(&posting("/things", kind, body)).await
    }
}

fn posting(path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn routes(verifier: Verifier) -> Router {
    Router::new()
        .route("/things", post(async |_: Json<Thing>| "made"))
        .route("/things/{id}", get(async |Path(id): Path<Uuid>| id.to_string()))
        .route("/keyed", post(async |key: IdempotencyKey| key.as_str().to_owned()))
        .route("/mine", get(async |caller: Caller| caller.user_id.to_string()))
        .with_state(verifier)
}
