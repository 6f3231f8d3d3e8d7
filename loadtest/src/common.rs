//! What personas share: a way to the gateway, and answers that are looked into.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use goose::goose::{GooseRequest, TransactionFunction};
use goose::prelude::*;
use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, Url};
use serde_json::Value;

/// Where clients connect to and whom they trust.
#[derive(Clone)]
pub(crate) struct Target {
    host: String,
    address: Option<SocketAddr>,
    authority: Option<Certificate>,
    answer_within: Duration,
}

impl Target {
    /// Looks the gateway up once, so that every client goes to it under the host's own name: certificate and route are the host's.
    pub(crate) async fn resolve(
        host: &Url,
        gateway: Option<&str>,
        ca: Option<&Path>,
        answer_within: Duration,
    ) -> Result<Self> {
        let name = host.host_str().with_context(|| format!("{host} names no host"))?.to_owned();
        Ok(Self {
            host: name,
            address: look_up(gateway).await?,
            authority: read_authority(ca).await?,
            answer_within,
        })
    }

    /// A transaction that gives a user a client of its own, with its own connections.
    pub(crate) fn connect(&self) -> Transaction {
        let target = self.clone();
        let connect: TransactionFunction = Arc::new(move |user| {
            let builder = target.client();
            Box::pin(async move { user.set_client_builder(builder).await.map_err(Box::new) })
        });
        Transaction::new(connect)
    }

    fn client(&self) -> ClientBuilder {
        let mut builder = Client::builder().timeout(self.answer_within);
        if let Some(address) = self.address {
            builder = builder.resolve(&self.host, address);
        }
        if let Some(authority) = &self.authority {
            builder = builder.tls_certs_only([authority.clone()]);
        }
        builder
    }
}

async fn look_up(gateway: Option<&str>) -> Result<Option<SocketAddr>> {
    let Some(gateway) = gateway else { return Ok(None) };
    let mut addresses = tokio::net::lookup_host(gateway)
        .await
        .with_context(|| format!("gateway {gateway} has no address"))?;
    addresses.next().with_context(|| format!("gateway {gateway} has no address")).map(Some)
}

async fn read_authority(ca: Option<&Path>) -> Result<Option<Certificate>> {
    let Some(file) = ca else { return Ok(None) };
    let pem = tokio::fs::read(file)
        .await
        .with_context(|| format!("no certificate at {}", file.display()))?;
    Certificate::from_pem(&pem)
        .with_context(|| format!("{} holds no certificate", file.display()))
        .map(Some)
}

/// One request: its name in the reports, the status it must have.
pub(crate) struct Ask<'a> {
    /// Method.
    pub(crate) method: GooseMethod,
    /// Path with its query.
    pub(crate) path: &'a str,
    /// Route template, so that all requests of a route are counted together.
    pub(crate) name: &'a str,
    /// The only status that counts as success.
    pub(crate) status: u16,
}

/// Sends a request and takes what is wanted from its answer; a wrong status or content is a failed request.
pub(crate) async fn fetch<T>(
    user: &mut GooseUser,
    ask: Ask<'_>,
    prepare: impl FnOnce(RequestBuilder) -> RequestBuilder,
    take: impl FnOnce(&Value) -> Option<T>,
) -> Result<T, Box<TransactionError>> {
    let builder = prepare(user.get_request_builder(&ask.method, ask.path)?);
    let request = GooseRequest::builder()
        .method(ask.method)
        .path(ask.path)
        .name(ask.name)
        .expect_status_code(ask.status);
    let mut answer = user.request(request.set_request_builder(builder).build()).await?;
    let content = match answer.response {
        Ok(response) => response.json::<Value>().await.unwrap_or(Value::Null),
        Err(error) => return Err(Box::new(error.into())),
    };
    // A wrong status has been counted by now; the content of such an answer is not what is looked for.
    if !answer.request.success {
        return Err(Box::new(TransactionError::Custom(format!(
            "{} answered {}",
            ask.name, answer.request.status_code
        ))));
    }
    if let Some(found) = take(&content) {
        return Ok(found);
    }
    user.set_failure("wrong content", &mut answer.request, None, Some(&content.to_string()))?;
    Err(Box::new(TransactionError::Custom(format!("{} answered with the wrong content", ask.name))))
}

/// A request without anything added to it.
pub(crate) fn plain(request: RequestBuilder) -> RequestBuilder {
    request
}
