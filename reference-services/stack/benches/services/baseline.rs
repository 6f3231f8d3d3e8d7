//! What services are compared with: the chassis' own layers around handlers that have nothing behind them, or nothing but the
//! database driver. A process of its own, so that its CPU can be counted: this program, started once more.

use std::{
    ffi::OsString,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, ensure};
use axum::{
    Router,
    body::Bytes,
    extract::{FromRef, State},
    http::header,
    response::IntoResponse,
    routing::get,
};
use chrono::{DateTime, Utc};
use ecotrack_chassis::{
    ApiError, ApiResult, Application, Chassis,
    auth::{Caller, Verifier},
    config::Settings,
    extract::Path,
};
use ecotrack_events::{Currency, Money};
use ecotrack_servers::{
    patience::eventually,
    ports,
    process::{Process, Program},
};
use ecotrack_stack::{
    Name, Stack,
    bench::drive::{CLIENTS, Target, http},
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde::Serialize;
use tokio_postgres::{Client, Config, Row, Statement, config::ChannelBinding};
use tokio_postgres_rustls::MakeRustlsConnect;
use url::Url;
use utoipa::openapi::OpenApi;
use uuid::Uuid;

const SERVICE: &str = "baseline";
/// What the static route answers.
const ANSWER: &str = "BASELINE_ANSWER";
const START_DEADLINE: Duration = Duration::from_secs(10);
/// The very statement of payment-service.
const PAYMENT: &str = "SELECT id, order_id, user_id, amount, currency, method, status, refunded, provider_reference, \
     failure_reason, created_at, updated_at FROM payment_service.payments WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2)";

/// A running baseline.
pub(crate) struct Baseline {
    base: Url,
    process: Process,
}

impl Baseline {
    /// Starts it. `answer` is what its static route answers.
    pub(crate) async fn start(stack: &Stack, answer: &str) -> anyhow::Result<Self> {
        let port = ports::free()?;
        let base = Url::parse(&format!("http://127.0.0.1:{port}"))?;
        let log = stack.folder().join("log/baseline.log");
        let mut program =
            Program::new(std::env::current_exe()?, &log).args([OsString::from("baseline")]);
        program.variables = variables(stack, port, answer)?;
        let mut baseline = Self { base, process: program.start()? };
        let (http, live) = (http()?, baseline.base.join("/actuator/health/liveness")?);
        eventually(START_DEADLINE, || async { Ok(http.get(live.clone()).send().await?) })
            .await
            .with_context(|| format!("the baseline does not answer, see {}", log.display()))?;
        ensure!(baseline.process.ended()?.is_none(), "the baseline ended, see {}", log.display());
        Ok(baseline)
    }

    /// One of its routes.
    pub(crate) fn target(&self, path: &str, token: Option<&str>) -> anyhow::Result<Target> {
        let token = token.map(str::to_owned);
        Ok(Target { process: self.process.id(), url: self.base.join(path)?, token })
    }
}

/// The environment of a service, as far as it goes.
fn variables(stack: &Stack, port: u16, answer: &str) -> anyhow::Result<Vec<(String, String)>> {
    let mut database = Url::parse(&stack.postgres().admin_url("ecotrack"))?;
    database.set_query(Some("sslmode=require"));
    let ca = stack.folder().join("certificates/ca.crt");
    let variables = [
        ("ECOTRACK_ENVIRONMENT", "stack".to_owned()),
        ("ECOTRACK_HTTP_ADDR", format!("127.0.0.1:{port}")),
        ("ECOTRACK_USER_SERVICE_URL", stack.service(Name::UserService)?.base().to_string()),
        ("ECOTRACK_DATABASE_URL", database.to_string()),
        ("ECOTRACK_CA_FILE", ca.display().to_string()),
        ("ECOTRACK_LOG", "warn".to_owned()),
        ("MALLOC_MMAP_THRESHOLD_", "1048576".to_owned()),
        (ANSWER, answer.to_owned()),
    ];
    Ok(variables.map(|(key, value)| (key.to_owned(), value)).to_vec())
}

/// Is the baseline, until told to stop.
pub(crate) async fn serve() -> ExitCode {
    ecotrack_chassis::run(SERVICE, build).await
}

#[derive(Clone, FromRef)]
struct Routes {
    verifier: Verifier,
    payments: Payments,
    answer: Bytes,
}

async fn build(settings: Settings) -> anyhow::Result<Application> {
    let chassis = Chassis::new(settings);
    let answer: String = chassis.settings().required(ANSWER)?;
    let state = Routes {
        verifier: chassis.verifier()?,
        payments: Payments::connect(chassis.settings()).await?,
        answer: Bytes::from(answer),
    };
    let router = Router::new()
        .route("/api/products/{id}", get(product))
        .route("/api/payments/{payment_id}", get(payment))
        .with_state(state);
    chassis.serve(router, OpenApi::default()).await
}

/// A product, always the same.
async fn product(State(answer): State<Bytes>, Path(_): Path<Uuid>) -> impl IntoResponse {
    ([(header::ETAG, "\"1\""), (header::CONTENT_TYPE, "application/json")], answer)
}

/// A payment, read with the driver alone.
async fn payment(
    State(payments): State<Payments>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> ApiResult<axum::Json<PaymentView>> {
    let row = payments.find(id, caller.user_id).await.map_err(ApiError::internal)?;
    let row = row.ok_or_else(ApiError::not_found)?;
    PaymentView::read(&row).map(axum::Json).map_err(ApiError::internal)
}

/// Connections in turn: no pool could cost less.
#[derive(Clone)]
struct Payments {
    connections: Arc<Vec<(Client, Statement)>>,
    next: Arc<AtomicUsize>,
}

impl Payments {
    async fn connect(settings: &Settings) -> anyhow::Result<Self> {
        let mut config: Config = settings.required::<String>("ECOTRACK_DATABASE_URL")?.parse()?;
        config.channel_binding(ChannelBinding::Disable);
        let tls = tls(settings)?;
        let mut connections = Vec::new();
        for _ in 0..CLIENTS {
            let (client, connection) = config.connect(tls.clone()).await?;
            // When it breaks, the next statement says so.
            tokio::spawn(async move { connection.await.ok() });
            let statement = client.prepare(PAYMENT).await?;
            connections.push((client, statement));
        }
        Ok(Self { connections: Arc::new(connections), next: Arc::default() })
    }

    async fn find(&self, id: Uuid, user_id: Uuid) -> anyhow::Result<Option<Row>> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len();
        let (client, statement) = self.connections.get(turn).context("no connection")?;
        Ok(client.query_opt(statement, &[&id, &user_id]).await?)
    }
}

fn tls(settings: &Settings) -> anyhow::Result<MakeRustlsConnect> {
    let file = settings.ca_file()?.context("no authority")?;
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file)?)?;
    let config = rustls::ClientConfig::builder().with_root_certificates(roots);
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

/// As payment-service answers.
#[derive(Serialize)]
struct PaymentView {
    payment_id: Uuid,
    order_id: Uuid,
    user_id: Uuid,
    amount: String,
    currency: &'static str,
    method: &'static str,
    gateway: &'static str,
    status: String,
    refunded_amount: String,
    provider_reference: Option<String>,
    failure_reason: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl PaymentView {
    fn read(row: &Row) -> anyhow::Result<Self> {
        let currency = Currency::parse(row.try_get("currency")?)?;
        let money = |column: &str| {
            Ok::<_, anyhow::Error>(Money::from_minor(row.try_get(column)?, currency).to_decimal())
        };
        let (method, gateway) = match row.try_get("method")? {
            "card" => ("credit_card", "stripe"),
            _ => ("paypal", "paypal"),
        };
        Ok(Self {
            payment_id: row.try_get("id")?,
            order_id: row.try_get("order_id")?,
            user_id: row.try_get("user_id")?,
            amount: money("amount")?,
            currency: currency.code(),
            method,
            gateway,
            status: row.try_get("status")?,
            refunded_amount: money("refunded")?,
            provider_reference: row.try_get("provider_reference")?,
            failure_reason: row.try_get("failure_reason")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}
