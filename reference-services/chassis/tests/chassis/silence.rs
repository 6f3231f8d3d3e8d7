//! Connections on which nothing comes are given up, and those that speak are not.

use std::time::Duration;

use anyhow::{Result, ensure};
use axum::{Router, routing::get};
use ecotrack_chassis::{
    Chassis,
    test_support::{Fixture, Service},
};
use tokio::time::Instant;
use utoipa::OpenApi as _;

use crate::wire::{Reply, Wire};

#[derive(utoipa::OpenApi)]
struct Document;

/// Longest that a connection may be silent.
const LIMIT: Duration = Duration::from_secs(15);

async fn service(fixture: &Fixture) -> Result<Service> {
    let routes = Router::new().route("/", get(async || "here"));
    let build = async |settings| Chassis::new(settings).serve(routes, Document::openapi()).await;
    fixture.start("test-service", build).await
}

/// How long a connection lives on which this was sent and then nothing.
async fn life_after(bytes: &[u8]) -> Result<Duration> {
    let fixture = Fixture::new().await?;
    let service = service(&fixture).await?;
    let started = Instant::now();
    let mut wire = Wire::open(service.client.base()).await?;
    wire.write(bytes).await;
    // However it ends: that it ends is the question, and in time.
    wire.read_to_end().await.ok();
    Ok(started.elapsed())
}

#[tokio::test]
async fn a_connection_on_which_nothing_comes_is_cut_off() -> Result<()> {
    let life = life_after(b"").await?;
    ensure!(life <= LIMIT, "after {life:?}");
    Ok(())
}

#[tokio::test]
async fn half_a_preface_of_http_2_is_cut_off() -> Result<()> {
    let life = life_after(b"PRI * HT").await?;
    ensure!(life <= LIMIT, "after {life:?}");
    Ok(())
}

#[tokio::test]
async fn a_client_of_http_2_that_says_no_more_is_cut_off() -> Result<()> {
    // The preface and empty settings; pings stay unanswered.
    let life = life_after(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await?;
    ensure!(life <= LIMIT, "after {life:?}");
    Ok(())
}

#[tokio::test]
async fn a_request_that_comes_in_pieces_is_answered() -> Result<()> {
    let fixture = Fixture::new().await?;
    let service = service(&fixture).await?;
    let mut wire = Wire::open(service.client.base()).await?;
    for piece in ["P", "UT / HTTP/1.1\r\nhost: x\r\n", "connection: close\r\n\r\n"] {
        wire.write(piece.as_bytes()).await;
    }
    assert_eq!(Reply::parse(&wire.read_to_end().await?)?.status, 405);
    Ok(())
}
