//! What opens the servers is told nowhere, whether they open or not.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use axum::{Router, routing::post};
use ecotrack_chassis::{
    ApiError, ApiResult, Chassis,
    cache::TypedCache,
    config::Settings,
    postgres::Database,
    test_support::{
        Answer, Fixture, Heard, Service,
        canary::{Canary, text_of_all},
    },
};
use ecotrack_servers::Shared;
use serde_json::json;
use utoipa::OpenApi as _;

use crate::{
    helpers::MIGRATIONS,
    secured::{producer, record},
};

#[derive(utoipa::OpenApi)]
struct Document;

/// Uses what needs a password.
async fn work(database: Database, numbers: TypedCache<u32>) -> ApiResult<&'static str> {
    numbers.put("one", &1).await;
    let cached = numbers.get("one").await;
    database.acquire().await?;
    cached.map(|_| "done").ok_or_else(|| ApiError::unavailable(anyhow::anyhow!("no cache")))
}

async fn start(fixture: &Fixture) -> Result<Service> {
    let build = async |settings: Settings| {
        let mut chassis = Chassis::new(settings);
        let database = chassis.database(&MIGRATIONS)?;
        let numbers = chassis.cache()?.of::<u32>("credentials", Duration::from_mins(1));
        let work = async move || work(database.clone(), numbers.clone()).await;
        chassis.serve(Router::new().route("/work", post(work)), Document::openapi()).await
    };
    fixture.start("test-service", build).await
}

async fn ask(service: &Service, status: u16) -> Result<[Answer; 2]> {
    let worked = service.client.post("/work", &json!({})).await?.expect(status)?;
    Ok([worked, service.client.get("/actuator/prometheus").await?.expect(200)?])
}

/// The passwords that open, the database's being anybody's here.
async fn right(fixture: &Fixture) -> Result<[Canary; 3]> {
    let (servers, database) = (Shared::find().await?, Canary::new("database", "db-{}"));
    fixture.database.mount("postgres", &database.value)?;
    let canary = |name, password: &String| Canary { name, value: password.clone() };
    let redis = canary("redis", &servers.redis_password);
    Ok([database, redis, canary("kafka", &servers.kafka_password)])
}

/// Passwords that do not open, and a database that is not there at all.
fn wrong(fixture: Fixture) -> Result<(Fixture, [Canary; 3])> {
    let names = ["wrong for database", "wrong for redis", "wrong for kafka"];
    let canaries = names.map(|name| Canary::new(name, "no-{}"));
    fixture.database.mount("postgres", &canaries[0].value)?;
    fixture.secret("redis-password", &canaries[1].value)?;
    fixture.secret("kafka-password", &canaries[2].value)?;
    let nobody = "postgres://127.0.0.1:1/nothing?sslmode=verify-full";
    Ok((fixture.with("ECOTRACK_DATABASE_URL", nobody), canaries))
}

#[tokio::test]
async fn what_opens_the_servers_is_told_nowhere_whether_they_open_or_not() -> Result<()> {
    let heard = Heard::listen();
    let fixture = Fixture::new().await?.secured().await?;
    let mut canaries = right(&fixture).await?.to_vec();
    let service = start(&fixture).await?;
    service.await_ready().await?;
    let mut answers = Vec::from(ask(&service, 200).await?);
    producer(&fixture)?.send(&record()?).await?;

    let (fixture, refused) = wrong(fixture)?;
    canaries.extend(refused);
    let service = start(&fixture).await?;
    answers.extend(ask(&service, 503).await?);
    let sent = producer(&fixture)?.send(&record()?).await;
    let error = sent.err().context("Kafka took a wrong password")?;
    for failure in ["redis is not usable", "cannot log in to the database"] {
        ensure!(heard.lines().contains(failure), "no line says: {failure}");
    }
    let others = [
        ("answers", "http_server_requests", text_of_all(&answers)),
        ("error", "kafka", format!("{error} {error:?}")),
    ];
    heard.tells_none_of(&canaries, "/work", &others)
}
