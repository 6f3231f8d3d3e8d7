//! Connections on which nothing comes, or hardly anything, are given up, and those that speak are not.

use std::time::Duration;

use anyhow::{Result, ensure};
use axum::{
    Router,
    routing::{get, post},
};
use ecotrack_chassis::{
    Chassis,
    extract::Json,
    test_support::{Fixture, Service},
};
use tokio::time::Instant;
use utoipa::OpenApi as _;

use crate::wire::{Reply, Wire};

#[derive(utoipa::OpenApi)]
struct Document;

/// Longest that a connection may be silent.
const LIMIT: Duration = Duration::from_secs(15);
/// Pause between the bytes of a client that is in no hurry: shorter than any time a server may give a single read.
const DRIP: Duration = Duration::from_millis(250);

async fn service(fixture: &Fixture) -> Result<Service> {
    let routes = Router::new()
        .route("/", get(async || "here"))
        .route("/body", post(async |_: Json<Vec<u8>>| "read"));
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

/// What is said to a client that begins like this and then sends byte after byte, without an end.
async fn said_to_a_drip(beginning: &str, byte: u8) -> Result<String> {
    let fixture = Fixture::new().await?;
    let service = service(&fixture).await?;
    let mut wire = Wire::open(service.client.base()).await?;
    wire.write(beginning.as_bytes()).await;
    let (said, life) = wire.drip(byte, DRIP).await?;
    ensure!(life <= LIMIT, "after {life:?}");
    Ok(said)
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_cut_off_in_the_time_of_one_that_does_not_come()
-> Result<()> {
    said_to_a_drip("GET / HTTP/1.1\r\nx-slow: ", b'x').await.map(drop)
}

#[tokio::test]
async fn a_body_that_comes_byte_by_byte_is_answered_in_the_time_of_one_that_does_not_come()
-> Result<()> {
    let head = "POST /body HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n";
    let said = said_to_a_drip(head, b' ').await?;
    Reply::parse(&said)?.expect_problem(408)?;
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
