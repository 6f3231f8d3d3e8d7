//! Sends HTTP requests and reports each as it went; an error is an answer too.

use std::collections::BTreeMap;
use std::net::ToSocketAddrs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use conformance_probe::{Attempt, HttpAnswer};
use futures::{StreamExt as _, stream};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder, Method, Url};

use crate::refusal;

/// Characters of a body that are reported: whole problem documents, not whole catalogues.
const BODY_EXCERPT: usize = 16 * 1024;

/// The requests to send.
#[derive(Args)]
pub(crate) struct Request {
    /// Where to.
    #[arg(long)]
    url: Url,
    /// HTTP method.
    #[arg(long, default_value = "GET")]
    method: Method,
    /// A header as `name: value`; may be given several times.
    #[arg(long = "header", value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// The body, sent as it is.
    #[arg(long, allow_hyphen_values = true)]
    body: Option<String>,
    /// How many requests.
    #[arg(long, default_value_t = 1)]
    count: u32,
    /// How many of them at the same time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    parallel: u16,
    /// Where the URL's host is, as `host:port`, when its own name does not lead there.
    #[arg(long)]
    connect_to: Option<String>,
    /// PEM of the one authority to trust.
    #[arg(long, allow_hyphen_values = true)]
    ca_pem: Option<String>,
    /// Deadline of each request in milliseconds.
    #[arg(long, default_value_t = 10_000)]
    timeout_ms: u64,
}

/// Sends all requests over one client, so that connections are reused as a service would.
pub(crate) async fn send(request: &Request) -> Result<HttpAnswer> {
    let client = client(request)?;
    let headers = parse_headers(&request.headers)?;
    let attempts = (0..request.count).map(|_| attempt(&client, request, headers.clone()));
    Ok(HttpAnswer {
        attempts: stream::iter(attempts).buffered(request.parallel.into()).collect().await,
    })
}

fn client(request: &Request) -> Result<Client> {
    let mut builder =
        Client::builder().timeout(Duration::from_millis(request.timeout_ms)).http1_only();
    if let Some(pem) = &request.ca_pem {
        let authority = Certificate::from_pem(pem.as_bytes());
        builder = builder.tls_certs_only([authority.context("--ca-pem holds no certificate")?]);
    }
    if let Some(address) = &request.connect_to {
        builder = lead_to(builder, &request.url, address)?;
    }
    Ok(builder.build()?)
}

fn lead_to(builder: ClientBuilder, url: &Url, address: &str) -> Result<ClientBuilder> {
    let host = url.host_str().context("--url has no host")?;
    let found: Vec<_> = address
        .to_socket_addrs()
        .with_context(|| format!("--connect-to {address} leads nowhere"))?
        .collect();
    Ok(builder.resolve_to_addrs(host, &found))
}

async fn attempt(client: &Client, request: &Request, headers: HeaderMap) -> Attempt {
    let started = Instant::now();
    let outcome = exchange(client, request, headers).await;
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    match outcome {
        Ok((status, headers, body)) => {
            Attempt { status: Some(status), headers, body, error: None, millis }
        }
        Err(error) => Attempt {
            status: None,
            headers: BTreeMap::new(),
            body: String::new(),
            error: Some(refusal::of(&error)),
            millis,
        },
    }
}

async fn exchange(
    client: &Client,
    request: &Request,
    headers: HeaderMap,
) -> reqwest::Result<(u16, BTreeMap<String, String>, String)> {
    let builder = client.request(request.method.clone(), request.url.clone()).headers(headers);
    let builder = match &request.body {
        Some(body) => builder.body(body.clone()),
        None => builder,
    };
    let response = builder.send().await?;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let body = response.text().await?;
    Ok((status, headers, body.chars().take(BODY_EXCERPT).collect()))
}

fn parse_headers(lines: &[String]) -> Result<HeaderMap> {
    lines.iter().map(|line| parse_header(line)).collect()
}

fn parse_header(line: &str) -> Result<(HeaderName, HeaderValue)> {
    let (name, value) = line
        .split_once(':')
        .with_context(|| format!("header {line:?} has no colon; write `name: value`"))?;
    Ok((name.trim().parse()?, value.trim().parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_a_name_and_a_value() {
        let headers = parse_headers(&["X-Correlation-Id: a:b".to_owned()]).unwrap();
        assert_eq!(headers["x-correlation-id"], "a:b");
    }

    #[test]
    fn a_header_without_a_colon_is_refused() {
        assert!(parse_headers(&["nonsense".to_owned()]).is_err());
    }
}
