//! A service that is told to stop finishes what it began.

use std::{sync::Arc, time::Duration};

use anyhow::{Result, ensure};
use axum::{Router, routing::get};
use ecotrack_chassis::{
    Chassis,
    test_support::{Fixture, eventually},
};
use tokio::{net::TcpStream, sync::Notify, time::timeout};
use utoipa::OpenApi as _;

/// Longer than a service that waits for nothing takes to end.
const MOMENT: Duration = Duration::from_millis(200);

#[derive(utoipa::OpenApi)]
struct Document;

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_service_ends() -> Result<()> {
    let (arrived, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, until) = (Arc::clone(&arrived), Arc::clone(&finish));
    let slow = async move || {
        inside.notify_one();
        until.notified().await;
        "done"
    };
    let routes = Router::new().route("/slow", get(slow));
    let fixture = Fixture::new().await?;
    let build = async |settings| Chassis::new(settings).serve(routes, Document::openapi()).await;
    let service = fixture.start("test-service", build).await?;
    let client = service.client.clone();
    let request = tokio::spawn(async move { client.get("/slow").await });
    arrived.notified().await;
    let address = service.client.base().authority().to_owned();
    let mut stopping = tokio::spawn(service.stop());
    eventually(|| async {
        ensure!(TcpStream::connect(&address).await.is_err(), "it still lets somebody in");
        Ok(())
    })
    .await?;
    assert!(timeout(MOMENT, &mut stopping).await.is_err(), "it ended before its request did");
    finish.notify_one();
    assert_eq!(request.await??.expect(200)?.text, "done");
    stopping.await?
}

#[tokio::test]
async fn a_handler_that_panics_is_a_problem_and_not_the_end() -> Result<()> {
    let routes =
        Router::new().route("/panic", get(async || -> &'static str { panic!("on purpose") }));
    let fixture = Fixture::new().await?;
    let build = async |settings| Chassis::new(settings).serve(routes, Document::openapi()).await;
    let service = fixture.start("test-service", build).await?;
    let answer = service.client.get("/panic").await?.expect_problem(500)?;
    assert!(!answer.text.contains("on purpose"), "{}", answer.text);
    service.client.get("/actuator/health/liveness").await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn made_up_paths_and_methods_make_no_series() -> Result<()> {
    let routes = Router::new().route("/things/{id}", get(async || "thing"));
    let fixture = Fixture::new().await?;
    let build = async |settings| Chassis::new(settings).serve(routes, Document::openapi()).await;
    let service = fixture.start("test-service", build).await?;
    for index in 0..50 {
        service.client.get(&format!("/things/{index}")).await?.expect(200)?;
        service.client.get(&format!("/made-up/{index}")).await?.expect(404)?;
        let method = reqwest::Method::from_bytes(format!("MADEUP{index}").as_bytes())?;
        let request = service.client.request(method, "/things/1")?;
        service.client.send(request).await?.expect(405)?;
    }
    let metrics = service.client.get("/actuator/prometheus").await?.expect(200)?.text;
    let series =
        metrics.lines().filter(|line| line.starts_with("http_server_requests_seconds_count"));
    assert_eq!(series.count(), 3, "{metrics}");
    Ok(())
}

#[tokio::test]
async fn a_worker_that_fails_or_panics_ends_the_service_and_says_which() -> Result<()> {
    for panics in [false, true] {
        let fixture = Fixture::new().await?;
        let chassis = Chassis::new(fixture.settings("test-service")?);
        chassis.workers().spawn("doomed", move |_| async move {
            assert!(!panics, "on purpose");
            anyhow::bail!("it did not work")
        });
        let ended = chassis.serve(Router::new(), Document::openapi()).await?.run().await;
        let error = format!("{:#}", ended.unwrap_err());
        assert!(error.contains("worker doomed failed"), "{error}");
    }
    Ok(())
}
