//! What a request leaves behind: headers, metrics, and the trace in its event.

use anyhow::Result;
use ecotrack_events::Topic;

use crate::helpers::{Customer, TestApp};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
async fn the_answer_names_trace_user_and_operation() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let request = session
        .client
        .request("GET".parse()?, "/api/users/me")?
        .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .header("x-correlation-id", "corr-7");
    let answer = session.client.send(request).await?.expect(200)?;
    assert_eq!(answer.header("x-trace-id"), TRACE);
    assert_eq!(answer.header("x-span-id").len(), 16);
    assert_eq!(answer.header("x-user-id"), session.user_id);
    assert_eq!(answer.header("x-correlation-id"), "corr-7");
    assert_eq!(answer.header("x-business-context"), "users");
    Ok(())
}

#[tokio::test]
async fn an_event_continues_the_trace_of_its_request() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    let request = app
        .client()
        .request("POST".parse()?, "/api/users/register")?
        .header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01"))
        .header("baggage", "correlation-id=corr-8")
        .json(&customer.registration());
    app.client().send(request).await?.expect(202)?;
    let login = app.login(&customer.email, &customer.password).await?.expect(200)?.json();
    let user_id = login["user_id"].as_str().unwrap();
    let record = app.fixture.kafka.await_event(Topic::User, "UserRegisteredEvent", user_id).await?;
    assert!(record.headers["traceparent"].contains(TRACE), "{:?}", record.headers);
    assert_eq!(record.headers["x-correlation-id"], "corr-8");
    assert!(record.headers["baggage"].contains("correlation-id=corr-8"), "{:?}", record.headers);
    Ok(())
}

#[tokio::test]
async fn requests_are_counted_by_route_template() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    for _ in 0..3 {
        session.client.get(&format!("/api/users/{}", session.user_id)).await?.expect(200)?;
    }
    app.client().get("/wp-admin/setup.php").await?.expect(404)?;
    let metrics = app.metrics().await?;
    let labels = |uri: &str, status: u16| {
        format!(
            r#"{{method="GET",uri="{uri}",status="{status}",application="user-service",environment="test"}}"#
        )
    };
    for (uri, status, count) in [("/api/users/{id}", 200, 3), ("UNMATCHED", 404, 1)] {
        let line = format!("http_server_requests_seconds_count{} {count}", labels(uri, status));
        assert!(metrics.contains(&line), "expected {line} in {metrics}");
    }
    Ok(())
}

#[tokio::test]
async fn an_idle_outbox_is_empty_and_the_pool_is_visible() -> Result<()> {
    let app = TestApp::start().await?;
    let metrics = app.metrics().await?;
    for name in [
        "outbox_pending_events ",
        r#"db_pool_connections{state="idle"}"#,
        "db_credentials_rotations_total 0",
    ] {
        assert!(metrics.contains(name), "expected {name} in {metrics}");
    }
    Ok(())
}
