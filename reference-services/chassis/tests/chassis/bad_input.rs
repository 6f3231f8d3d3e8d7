//! What bad input gets: every row that is the same on all routes, through a real socket.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use axum::{Router, routing::get};
use ecotrack_chassis::{
    Chassis,
    test_support::{Fixture, Service},
};
use tokio::{sync::Notify, time::Instant};
use utoipa::OpenApi as _;
use uuid::Uuid;

use crate::{
    target::{Document, GOOD, JSON, Target},
    wire::{Reply, Wire},
};

/// What only the platform asks for.
const PLATFORM: [&str; 5] = [
    "/actuator/health/liveness",
    "/actuator/health/readiness",
    "/actuator/prometheus",
    "/actuator/info",
    "/openapi.json",
];

#[tokio::test]
async fn the_twin_of_every_refusal_is_served() -> Result<()> {
    let target = Target::start().await?;
    assert_eq!(target.post(JSON, GOOD).await?.status, 200);
    assert_eq!(target.post("application/json; charset=UTF-8", GOOD).await?.status, 200);
    let id = Uuid::now_v7();
    assert_eq!(target.ask(&format!("GET /things/{id}"), "accept: */*\r\n").await?.status, 200);
    assert_eq!(target.ask("POST /keyed", "idempotency-key: k\r\n").await?.status, 200);
    let token = target.issuer.token(id, &["customer"])?;
    let reply = target.ask("GET /mine", &format!("authorization: Bearer {token}\r\n")).await?;
    assert_eq!((reply.status, reply.body), (200, id.to_string()));
    Ok(())
}

#[tokio::test]
async fn a_body_that_is_not_json_is_a_bad_request() -> Result<()> {
    let target = Target::start().await?;
    let deep = vec![b'['; 1_000_000];
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        br#"{"lines":[]} trailing"#,
        br#"{"unknown":1,"lines":[}"#,
        b"{\"lines\":[{\"quantity\":1}],\"a\":\"\xff\"}",
        b"{\"a\":\"\x00\"}",
        br#"{"a":"\u0000"}"#,
        br#"{"a":"\ud800"}"#,
        &deep,
    ];
    for body in bodies {
        let start = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        target.post(JSON, body).await?.expect_problem(400).context(start)?;
    }
    Ok(())
}

#[tokio::test]
async fn another_media_type_is_unsupported() -> Result<()> {
    let target = Target::start().await?;
    let packed = "application/json\r\ncontent-encoding: gzip";
    for kind in ["text/plain", "application/json; charset=utf-16", "application/jsonp", "", packed]
    {
        target.post(kind, GOOD).await?.expect_problem(415).context(kind)?;
    }
    Ok(())
}

#[tokio::test]
async fn json_of_another_shape_is_unprocessable_and_the_pointer_leads_there() -> Result<()> {
    let target = Target::start().await?;
    let bodies = [
        (r#"{"lines":[{"quantity":1},{"quantity":"x"}]}"#, "/lines/1/quantity"),
        (r#"{"lines":[{"quantity":-1}]}"#, "/lines/0/quantity"),
        (r#"{"lines":[{"quantity":4294967296}]}"#, "/lines/0/quantity"),
        (r#"{"lines":[{"quantity":1,"price":2}]}"#, "/lines/0/price"),
        (r#"{"lines":null}"#, "/lines"),
        (r#"{"lines":[],"role":"admin"}"#, "/role"),
        (r#"{"lines":[[1]]}"#, "/lines/0"),
        (r#"{"lines":[],"lines":[]}"#, ""),
        ("{}", ""),
        ("[]", ""),
        ("null", ""),
    ];
    for (body, pointer) in bodies {
        let reply = target.post(JSON, body.as_bytes()).await?.expect_problem(422)?;
        assert_eq!(reply.json()["errors"][0]["pointer"], pointer, "{body}: {}", reply.body);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_too_big_is_refused_by_its_own_name() -> Result<()> {
    let target = Target::start().await?;
    let body = vec![b' '; 1024 * 1024 + 1];
    target.post(JSON, &body).await?.expect_problem(413)?;
    let long = "x".repeat(8 * 1024);
    target.ask(&format!("GET /things/{long}"), "").await?.expect_problem(414)?;
    let wide = format!("x-wide: {}\r\n", "x".repeat(33 * 1024));
    target.ask("GET /things/1", &wide).await?.expect_problem(431)?;
    // Beyond what is read at all there are no words left, only the status.
    let wider = format!("x-wide: {}\r\n", "x".repeat(100 * 1024));
    assert_eq!(target.ask("GET /things/1", &wider).await?.status, 431);
    Ok(())
}

#[tokio::test]
async fn an_address_we_do_not_have_is_not_found_and_a_method_says_which_are_allowed() -> Result<()>
{
    let target = Target::start().await?;
    for path in ["/nothing", "/things/not-an-id", "/things/", "//things", "/things/../secrets"] {
        target.ask(&format!("GET {path}"), "").await?.expect_problem(404).context(path)?;
    }
    for method in ["PUT", "DELETE", "TRACE", "MADEUP"] {
        let reply = target.ask(&format!("{method} /things"), "").await?.expect_problem(405)?;
        ensure!(reply.head.contains("allow: post"), "{}", reply.head);
    }
    Ok(())
}

#[tokio::test]
async fn what_the_platform_asks_for_is_refused_by_another_method_like_anything_else_and_not_counted_by_its_own()
-> Result<()> {
    let target = Target::start().await?;
    for path in PLATFORM {
        let reply = target.ask(&format!("POST {path}"), "").await?.expect_problem(405)?;
        ensure!(reply.head.contains("allow: get"), "{}", reply.head);
        ensure!(reply.head.contains("x-trace-id: "), "{}", reply.head);
        target.ask(&format!("GET {path}"), "").await?;
    }
    let metrics = target.ask("GET /actuator/prometheus", "").await?.body;
    let counted = |line: &&str| line.starts_with("http_server_requests_seconds_count");
    let counted: Vec<_> = metrics.lines().filter(counted).collect();
    ensure!(counted.len() == PLATFORM.len(), "{counted:?}");
    ensure!(counted.iter().all(|line| line.contains(r#"status="405""#)), "{counted:?}");
    Ok(())
}

#[tokio::test]
async fn a_client_that_takes_no_json_is_told_so() -> Result<()> {
    let target = Target::start().await?;
    for accept in ["text/html", "application/xml", "application/json;q=0"] {
        target.ask("POST /keyed", &format!("accept: {accept}\r\n")).await?.expect_problem(406)?;
    }
    Ok(())
}

#[tokio::test]
async fn an_address_that_is_not_text_is_a_bad_request() -> Result<()> {
    let target = Target::start().await?;
    for path in ["/things/%ff", "/things/%00", "/things/1?query=%c3%28", "/things/1?a=%00"] {
        target.ask(&format!("GET {path}"), "").await?.expect_problem(400).context(path)?;
    }
    Ok(())
}

#[tokio::test]
async fn two_authorization_headers_are_a_bad_request() -> Result<()> {
    let target = Target::start().await?;
    let token = target.issuer.token(Uuid::now_v7(), &["customer"])?;
    let twice = format!("authorization: Bearer {token}\r\n").repeat(2);
    for line in ["GET /mine", "GET /things/1"] {
        target.ask(line, &twice).await?.expect_problem(400)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_token_in_the_query_is_no_token() -> Result<()> {
    let target = Target::start().await?;
    let token = target.issuer.token(Uuid::now_v7(), &["customer"])?;
    for name in ["access_token", "token", "JWT", "%61ccess_token"] {
        let reply =
            target.ask(&format!("GET /mine?{name}={token}"), "").await?.expect_problem(401)?;
        ensure!(reply.head.contains("www-authenticate: bearer"), "{}", reply.head);
        ensure!(!reply.body.contains(&token), "the token is in the answer");
    }
    Ok(())
}

#[tokio::test]
async fn an_idempotency_key_is_required_short_printable_and_single() -> Result<()> {
    let target = Target::start().await?;
    let long = format!("idempotency-key: {}\r\n", "k".repeat(256));
    let twice = "idempotency-key: k\r\n".repeat(2);
    for headers in [
        "",
        "idempotency-key: \r\n",
        "idempotency-key: a\tb\r\n",
        "idempotency-key: \u{e4}\r\n",
        &long,
        &twice,
    ] {
        target
            .ask("POST /keyed", headers)
            .await?
            .expect_problem(400)
            .context(headers.to_owned())?;
    }
    Ok(())
}

#[tokio::test]
async fn identity_in_a_header_is_not_believed() -> Result<()> {
    let target = Target::start().await?;
    let forged = "x-user-id: 0190b3a6-0000-7000-8000-000000000000\r\nx-forwarded-client-cert: By=admin\r\nbaggage: user-id=0190b3a6-0000-7000-8000-000000000000\r\n";
    let reply = target.ask("GET /mine", forged).await?.expect_problem(401)?;
    ensure!(reply.head.contains("x-user-id: anonymous"), "{}", reply.head);
    Ok(())
}

#[tokio::test]
async fn a_correlation_id_that_could_forge_a_line_is_replaced() -> Result<()> {
    let target = Target::start().await?;
    let reply = target.ask("GET /things/1", "x-correlation-id: run-7:2\r\n").await?;
    ensure!(reply.head.contains("x-correlation-id: run-7:2"), "{}", reply.head);
    let odd = format!(
        "x-correlation-id: {{\"level\":\"x\"}}\r\ntraceparent: 00-zz-zz-01\r\nbaggage: correlation-id={}\r\n",
        "x".repeat(4096)
    );
    let reply = target.ask("GET /things/1", &odd).await?;
    ensure!(!reply.head.contains("level") && !reply.head.contains("xxxx"), "{}", reply.head);
    Ok(())
}

#[tokio::test]
async fn a_slow_head_is_cut_off() -> Result<()> {
    let target = Target::start().await?;
    let started = Instant::now();
    let mut wire = Wire::open(target.service.client.base()).await?;
    wire.write(b"GET /things/1 HTTP/1.1\r\nhost:").await;
    wire.read_to_end().await.ok();
    ensure!(started.elapsed() <= Duration::from_secs(15), "after {:?}", started.elapsed());
    Ok(())
}

#[tokio::test]
async fn a_slow_body_is_answered_in_time() -> Result<()> {
    let target = Target::start().await?;
    let started = Instant::now();
    let mut wire = Wire::open(target.service.client.base()).await?;
    wire.write(b"POST /things HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{").await;
    Reply::parse(&wire.read_to_end().await?)?.expect_problem(408)?;
    ensure!(started.elapsed() <= Duration::from_secs(15), "after {:?}", started.elapsed());
    Ok(())
}

/// A service whose one route waits until it is told to go on.
async fn stuck(fixture: &Fixture) -> Result<(Service, Arc<Notify>)> {
    let go_on = Arc::new(Notify::new());
    let until = Arc::clone(&go_on);
    let wait = async move || until.notified().await;
    let routes = Router::new().route("/stuck", get(wait));
    let build = async |settings| Chassis::new(settings).serve(routes, Document::openapi()).await;
    Ok((fixture.start("test-service", build).await?, go_on))
}

#[tokio::test]
async fn more_requests_than_places_are_refused_at_once_and_liveness_is_not() -> Result<()> {
    let fixture = Fixture::new().await?;
    let (service, go_on) = stuck(&fixture).await?;
    let address = service.client.base().join("/stuck")?;
    let one_connection =
        || reqwest::Client::builder().tls_certs_only([]).http2_prior_knowledge().build();
    let clients = [one_connection()?, one_connection()?, one_connection()?];
    let asked = (0..600).map(|index| clients[index % 3].get(address.clone()).send());
    let asked: Vec<_> = asked.map(tokio::spawn).collect();
    let (mut refused, mut held) = (0, Vec::new());
    for request in asked {
        held.push(request);
    }
    // 512 are held; what is answered meanwhile is what was refused.
    while refused < 600 - 512 {
        let (answer, _, left) = futures::future::select_all(held).await;
        let answer = answer??;
        assert_eq!(answer.status(), 503);
        assert!(answer.headers().contains_key("retry-after"));
        (refused, held) = (refused + 1, left);
    }
    service.client.get("/actuator/health/liveness").await?.expect(200)?;
    service.client.get("/stuck").await?.expect_problem(503)?;
    go_on.notify_waiters();
    for answer in futures::future::join_all(held).await {
        assert_eq!(answer??.status(), 200);
    }
    Ok(())
}

#[tokio::test]
async fn a_request_takes_no_longer_than_its_caller_waits() -> Result<()> {
    let fixture = Fixture::new().await?;
    let (service, _go_on) = stuck(&fixture).await?;
    let started = Instant::now();
    let request = service.client.request(reqwest::Method::GET, "/stuck")?;
    let answer = service.client.send(request.header("x-request-timeout-ms", "100")).await?;
    assert_ne!(answer.expect_problem(503)?.header("retry-after"), "");
    ensure!(started.elapsed() < Duration::from_secs(5), "after {:?}", started.elapsed());
    Ok(())
}
