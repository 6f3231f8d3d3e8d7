//! Secrets and personal data that come in never come out: not in logs, spans, metrics, answers or events.

use anyhow::{Result, ensure};
use axum::{
    Router,
    extract::State,
    routing::{any, get, post},
};
use ecotrack_chassis::{
    ApiError, ApiResult, Chassis,
    auth::{Caller, Verifier},
    extract::{Json, Path, Query},
    http_client::ServiceClient,
    outbox::Outbox,
    postgres::Database,
    test_support::{
        Client, Fixture, Heard, Issuer,
        canary::{Canary, text_of},
    },
};
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;
use utoipa::OpenApi as _;

use crate::helpers::{MIGRATIONS, event};

#[derive(utoipa::OpenApi)]
struct Document;

/// A trace of the caller's, which may go along with a state of the caller's.
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn canaries() -> Vec<Canary> {
    [
        ("password", "hunter2-{}"),
        ("access token", "eyJhbGciOiJFUzI1NiJ9.{}.sig"),
        ("card number", "4242-{}"),
        ("card check", "cvc-{}"),
        ("e-mail", "ada.{}@example.org"),
        ("phone", "+44 20 {}"),
        ("database password", "db pass/{}"),
        ("vault token", "hvs.{}"),
        ("webhook secret", "whsec_{}=="),
        ("private key", "-----BEGIN PRIVATE KEY-----{}-----END PRIVATE KEY-----"),
        ("cookie", "session={}; Path=/"),
        ("address", "1 {} Straße"),
    ]
    .map(|(name, shape)| Canary::new(name, shape))
    .to_vec()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    email: String,
    #[allow(dead_code, reason = "only its parsing is of interest")]
    password: String,
    #[allow(dead_code, reason = "only its parsing is of interest")]
    #[serde(default)]
    attempts: u32,
}

#[derive(Clone)]
struct App {
    database: Database,
    outbox: Outbox,
    callee: ServiceClient,
    verifier: Verifier,
}

impl axum::extract::FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.verifier.clone()
    }
}

/// Writes what it was given and an event beside it; the second time the database refuses, naming the value in its detail.
async fn register(State(app): State<App>, Json(login): Json<Login>) -> ApiResult<&'static str> {
    let mut transaction = app.database.begin().await?;
    sqlx::query("insert into people (email) values ($1)")
        .bind(&login.email)
        .execute(&mut *transaction)
        .await?;
    app.outbox.append(&mut transaction, event()).await?;
    transaction.commit().await?;
    Ok("done")
}

/// Asks a service that is not there, with what it was given in the address.
async fn ask(State(app): State<App>, Path(value): Path<String>) -> ApiResult<&'static str> {
    let asked = app.callee.get::<Value>(&format!("/of/{value}"), None).await;
    asked.map(|_| "done").map_err(ApiError::unavailable)
}

async fn panic(Path(value): Path<String>) -> &'static str {
    panic!("cannot work with {value}")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Search {
    #[allow(dead_code, reason = "only its parsing is of interest")]
    limit: Option<u8>,
}

fn routes(app: App) -> Router {
    Router::new()
        .route("/register", post(register))
        .route("/ask/{value}", get(ask))
        .route("/panic/{value}", get(panic))
        .route("/search", get(async |_: Query<Search>| "found"))
        .route("/mine", any(async |caller: Caller| caller.user_id.to_string()))
        .with_state(app)
}

/// Sends a value everywhere a client can put one and returns all that was answered.
async fn send_everywhere(client: &Client, value: &str) -> Result<String> {
    let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let segment = encoded.replace('+', "%20");
    let header = |name: &str| {
        let path = if name == "user-agent" { "/nothing" } else { "/mine" };
        anyhow::Ok(client.request(reqwest::Method::GET, path)?.header(name, value.as_bytes()))
    };
    let get = |path: String| client.request(reqwest::Method::GET, &path);
    let state = format!("v={segment}");
    let post =
        |body: Value| anyhow::Ok(client.request(reqwest::Method::POST, "/register")?.json(&body));
    let requests = [
        post(json!({"email": value, "password": value}))?,
        post(json!({"email": value, "password": value}))?,
        post(json!({"email": value, "password": value, "attempts": value}))?,
        post(json!({"email": {"a": value}}))?,
        post(json!(value))?,
        client.request(reqwest::Method::POST, "/register")?.body(value.to_owned()),
        get(format!("/ask/{segment}"))?,
        get(format!("/panic/{segment}"))?,
        get(format!("/nothing/{segment}?a={encoded}"))?,
        get(format!("/search?limit={encoded}"))?,
        get(format!("/mine?access_token={encoded}"))?,
        get("/mine".to_owned())?.bearer_auth(&segment),
        header("cookie")?,
        header("user-agent")?,
        // Not in the correlation id: that is the caller's to choose and comes back on purpose.
        header("x-request-id")?.header("baggage", format!("email={segment},password={segment}")),
        header("idempotency-key")?.header("x-forwarded-for", segment.clone()),
        post(json!({"email": format!("traced {value}"), "password": value}))?
            .header("traceparent", TRACE)
            .header("tracestate", &state),
        get("/ask/nothing".to_owned())?.header("traceparent", TRACE).header("tracestate", &state),
    ];
    let mut answers = String::new();
    for request in requests {
        let answer = client.send(request).await?;
        answers = [answers, text_of(&answer.headers), answer.text].join("\n");
    }
    Ok(answers)
}

/// The service on a task of this thread, so that the listener of this thread hears all of it.
async fn start(
    fixture: &Fixture,
    issuer: &Issuer,
) -> Result<(Client, tokio_util::sync::CancellationToken)> {
    let mut chassis = Chassis::new(fixture.settings("test-service")?);
    let database = chassis.database(&MIGRATIONS)?;
    let app = App {
        database,
        outbox: Outbox::new("test-service"),
        callee: ServiceClient::new("callee", Url::parse("http://127.0.0.1:1")?)?,
        verifier: Verifier::remote(issuer.url.clone())?,
    };
    let application = chassis.serve(routes(app), Document::openapi()).await?;
    let client = Client::new(Url::parse(&format!("http://{}", application.address()))?)?;
    let stop = application.stopper();
    tokio::spawn(application.run());
    Ok((client, stop))
}

#[tokio::test]
async fn no_canary_comes_out_anywhere() -> Result<()> {
    let (fixture, issuer) = (Fixture::new().await?, Issuer::start().await?);
    let heard = Heard::listen();
    ecotrack_chassis::quiet_panics();
    let (client, stop) = start(&fixture, &issuer).await?;
    ecotrack_chassis::test_support::eventually(|| async {
        client.get("/actuator/health/readiness").await?.expect(200)
    })
    .await?;
    let mut connection = fixture.database.connect().await?;
    let canaries = canaries();
    let mut outputs = Vec::new();
    for canary in &canaries {
        outputs.push((
            "answers",
            "x-correlation-id",
            send_everywhere(&client, &canary.value).await?,
        ));
    }
    outputs.push((
        "metrics",
        "http_server_requests",
        client.get("/actuator/prometheus").await?.expect(200)?.text,
    ));
    let headers: Vec<String> = sqlx::query_scalar("select headers::text from test_service.outbox")
        .fetch_all(&mut connection)
        .await?;
    ensure!(headers.len() == 2 * canaries.len(), "{} events", headers.len());
    outputs.push(("events", "ce_type", headers.join("\n")));
    stop.cancel();
    heard.tells_none_of(&canaries, "/register", &outputs)?;
    ensure!(heard.lines().contains("request answered"), "no line of a request");
    Ok(())
}
