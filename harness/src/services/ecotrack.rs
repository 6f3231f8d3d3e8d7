//! The public API behind the ingress gateway, reached as a customer does: TLS, the public host name, the platform's CA.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::header::{CONTENT_TYPE, HOST as HOST_HEADER};
use reqwest::{Certificate, Client, Url};
use secrecy::ExposeSecret;

use super::{Answer, Call, Ids};
use crate::cluster::{PortForward, Target};
use crate::component::{places, platform_ca};
use crate::suite::{Component, Suite};

/// The name that customers use and the gateway's certificate is for.
pub const HOST: &str = "api.ecotrack.platform.dev";

/// A client of the public API.
pub struct EcoTrack {
    http: Client,
    base: Url,
    address: SocketAddr,
    deadline: Duration,
    _forward: PortForward,
}

impl Component for EcoTrack {
    async fn connect(suite: &Suite) -> Result<Self> {
        let target = Target::service(places::INGRESS, places::GATEWAY, 443);
        let forward = PortForward::open(suite.cluster(), target).await?;
        let ca = platform_ca(suite.cluster()).await?;
        let address = forward.address();
        let http = Client::builder()
            .timeout(suite.timeouts().request)
            .tls_certs_only([Certificate::from_pem(ca.as_bytes())?])
            .resolve(HOST, address)
            .http1_only()
            .no_proxy()
            .build()?;
        let base = Url::parse(&format!("https://{HOST}:{}", address.port()))
            .context("the gateway's address is no URL")?;
        Ok(Self { http, base, address, deadline: suite.timeouts().request, _forward: forward })
    }
}

impl EcoTrack {
    /// Sends the request with the scenario's ids; any status is an answer.
    pub async fn send(&self, call: &Call, ids: &Ids) -> Result<Answer> {
        let url = self.base.join(&call.path)?;
        // The port is only the forward's; customers ask for the bare name.
        let mut request =
            ids.on(self.http.request(call.method.clone(), url).header(HOST_HEADER, HOST));
        request = call
            .headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, value));
        if let Some(token) = &call.token {
            request = request.bearer_auth(token.expose_secret());
        }
        if let Some(token) = &call.token_in_address {
            request = request.query(&[("access_token", token.expose_secret())]);
        }
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let response = request
            .send()
            .await
            .with_context(|| format!("no answer to {call} from https://{HOST}"))?;
        Ok(Answer::read(response).await?)
    }

    /// Asks the gateway under another name, whatever its certificate says; none when it does not even agree on TLS.
    pub async fn ask_as(&self, name: &str, path: &str) -> Result<Option<Answer>> {
        let client = Client::builder()
            .timeout(self.deadline)
            .danger_accept_invalid_certs(true)
            .resolve(name, self.address)
            .no_proxy()
            .build()?;
        match client.get(format!("https://{name}:{}{path}", self.address.port())).send().await {
            Ok(response) => Ok(Some(Answer::read(response).await?)),
            Err(error) if error.is_connect() => Ok(None),
            Err(error) => {
                Err(error).with_context(|| format!("the gateway could not be asked as {name}"))
            }
        }
    }
}
