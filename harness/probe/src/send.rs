//! Sends the requests of a change: at once when asked, or when its time to live is over.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use conformance_probe::change::{ApiRequest, Change, To};
use reqwest::{Certificate, Client, StatusCode};
use serde::Deserialize;

const KUBERNETES: &str = "https://kubernetes.default.svc";
const KUBERNETES_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const OPENBAO: &str = "https://openbao.openbao.svc.cluster.local:8200";
const OPENBAO_TOKEN: &str = "/var/run/secrets/openbao/token";
const OPENBAO_CA: &str = "/var/run/secrets/ecotrack/ca/ca.crt";
const REQUEST_DEADLINE: Duration = Duration::from_secs(10);
/// Pause between two attempts to take a change back when its time is over.
const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// Which requests of the change.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Which {
    /// Those that make it.
    Make,
    /// Those that take it back.
    Revert,
}

/// Send requests of a change now.
#[derive(Args)]
pub(crate) struct Sending {
    /// The file with the change.
    #[arg(long)]
    file: PathBuf,
    /// Which of its requests.
    #[arg(long)]
    which: Which,
}

/// Take a change back when its time is over.
#[derive(Args)]
pub(crate) struct Expiry {
    /// The file with the change.
    #[arg(long)]
    file: PathBuf,
    /// When, in seconds since 1970; a restart of the pod does not prolong it.
    #[arg(long)]
    at: u64,
}

/// Sends the requests of the change once, in their order.
pub(crate) async fn now(sending: &Sending) -> Result<()> {
    let change = read(&sending.file)?;
    let requests = match sending.which {
        Which::Make => &change.make,
        Which::Revert => &change.revert,
    };
    send_all(requests).await
}

/// Waits until the time is over, then takes the change back, again and again until that succeeds.
#[expect(
    clippy::disallowed_methods,
    reason = "here the delays are what is asked for: the life of the change, and a pause between tries to take it back"
)]
pub(crate) async fn at_its_end(expiry: &Expiry) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let change = read(&expiry.file)?;
    let end = UNIX_EPOCH + Duration::from_secs(expiry.at);
    let left = end.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO);
    let mut stopped = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = stopped.recv() => return Ok(()),
        () = tokio::time::sleep(left) => {}
    }
    while let Err(error) = send_all(&change.revert).await {
        complain(&format!("{error:#}; trying again"));
        tokio::time::sleep(RETRY_PAUSE).await;
    }
    Ok(())
}

#[expect(
    clippy::print_stderr,
    reason = "the log of the pod is the only place where this can be said"
)]
fn complain(sentence: &str) {
    eprintln!("{sentence}");
}

fn read(path: &Path) -> Result<Change> {
    let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("{} holds no change", path.display()))
}

async fn send_all(requests: &[ApiRequest]) -> Result<()> {
    for request in requests {
        send(request).await.with_context(|| request.to_string())?;
    }
    Ok(())
}

async fn send(request: &ApiRequest) -> Result<()> {
    let (client, base, header, token) = match request.to {
        To::Kubernetes => {
            let client = client(&Path::new(KUBERNETES_ACCOUNT).join("ca.crt"))?;
            let token = text(&Path::new(KUBERNETES_ACCOUNT).join("token"))?;
            (client, KUBERNETES, "authorization", format!("Bearer {token}"))
        }
        To::OpenBao => {
            let client = client(Path::new(OPENBAO_CA))?;
            let token = log_in(&client).await?;
            (client, OPENBAO, "x-vault-token", token)
        }
    };
    let mut builder = client
        .request(request.method.parse()?, format!("{base}{}", request.path))
        .header(header, token);
    if let Some(body) = &request.body {
        builder = builder.header("content-type", &request.content_type).body(body.clone());
    }
    let response = builder.send().await?;
    let status = response.status();
    let already_gone = request.method == "DELETE" && status == StatusCode::NOT_FOUND;
    if status.is_success() || already_gone {
        return Ok(());
    }
    bail!("answered {status}: {}", response.text().await?);
}

#[derive(Deserialize)]
struct Login {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    client_token: String,
}

async fn log_in(client: &Client) -> Result<String> {
    let jwt = text(Path::new(OPENBAO_TOKEN))?;
    let body = serde_json::json!({"role": "conformance-sabotage", "jwt": jwt});
    let response =
        client.post(format!("{OPENBAO}/v1/auth/kubernetes/login")).json(&body).send().await?;
    let login: Login = response.error_for_status().context("logging in to OpenBao")?.json().await?;
    Ok(login.auth.client_token)
}

fn client(ca: &Path) -> Result<Client> {
    let certificate = std::fs::read(ca).with_context(|| format!("reading {}", ca.display()))?;
    let builder = Client::builder()
        .timeout(REQUEST_DEADLINE)
        .tls_certs_only([Certificate::from_pem(&certificate)?]);
    Ok(builder.no_proxy().build()?)
}

fn text(path: &Path) -> Result<String> {
    Ok(std::fs::read_to_string(path)
        .with_context(|| format!("reading {}", path.display()))?
        .trim()
        .to_owned())
}
