//! Bad requests, answered as the project answers them.

use anyhow::Result;

use crate::helpers::{Customer, TestApp};

const REGISTER: &str = "/api/users/register";

#[tokio::test]
async fn what_cannot_be_read_is_answered_by_kind() -> Result<()> {
    let app = TestApp::start().await?;
    let post = |kind: &'static str, body: String| {
        let client = app.client();
        async move {
            let request =
                client.request("POST".parse()?, REGISTER)?.header("content-type", kind).body(body);
            client.send(request).await
        }
    };
    let json = "application/json";
    post(json, "{\"email\":".to_owned()).await?.expect_problem(400)?;
    post("text/plain", "{}".to_owned()).await?.expect_problem(415)?;
    post(json, "[]".to_owned()).await?.expect_problem(422)?;
    post(json, format!("\"{}\"", "x".repeat(2 * 1024 * 1024))).await?.expect_problem(413)?;
    post(json, "[".repeat(100_000)).await?.expect_problem(400)?;
    post(json, format!("{{\"email\":{}", "[".repeat(100_000))).await?.expect_problem(400)?;
    Ok(())
}

#[tokio::test]
async fn unknown_paths_and_methods_are_problems_too() -> Result<()> {
    let app = TestApp::start().await?;
    app.client().get("/api/nowhere").await?.expect_problem(404)?;
    app.client().get("/api/users/%00").await?.expect_problem(400)?;
    app.client().get(&format!("/api/users/{}", "x".repeat(9000))).await?.expect_problem(414)?;
    let answer = app.client().delete(REGISTER).await?.expect_problem(405)?;
    assert_eq!(answer.header("allow"), "POST");
    Ok(())
}

#[tokio::test]
async fn without_a_database_the_service_lives_and_says_so_fast() -> Result<()> {
    let fixture = ecotrack_chassis::test_support::Fixture::new().await?;
    // Nobody listens there.
    let fixture =
        fixture.with("ECOTRACK_DATABASE_URL", "postgres://127.0.0.1:1/none?sslmode=disable");
    let service = fixture.start("user-service", user_service::build).await?;
    service.client.get("/actuator/health/liveness").await?.expect(200)?;
    let readiness = service.client.get("/actuator/health/readiness").await?.expect(503)?;
    assert_eq!(readiness.json()["components"]["database"], "DOWN");
    let refused = service
        .client
        .post(REGISTER, &Customer::new().registration())
        .await?
        .expect_problem(503)?;
    assert_eq!(refused.header("retry-after"), "1");
    service.stop().await
}
