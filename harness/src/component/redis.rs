//! Redis at the level of its protocol: does it want TLS, and does it want a password?

use std::sync::Arc;

use anyhow::{Context, Result};
use conformance_probe::ConnectAnswer;
use secrecy::ExposeSecret;

use super::places;
use super::probes::Probes;
use super::secrets::read_key;
use crate::cluster::probe_pod::ProbePod;
use crate::suite::{Component, Suite};

const ADDRESS: &str = "redis.data.svc.cluster.local:6379";

/// A client inside the cluster that speaks Redis' protocol by hand.
pub struct Redis {
    probe: Arc<ProbePod>,
    ca: String,
}

impl Component for Redis {
    async fn connect(suite: &Suite) -> Result<Self> {
        let ca = places::platform_ca(suite.cluster()).await?;
        let probe = suite.component::<Probes>().await?.plain().await?;
        Ok(Self { probe, ca })
    }
}

impl Redis {
    /// `PING` in plain text.
    pub async fn ping_in_plaintext(&self) -> Result<ConnectAnswer> {
        self.say(&["connect", "--address", ADDRESS], "PING\r\n").await
    }

    /// `PING` over TLS without a password.
    pub async fn ping_without_password(&self) -> Result<ConnectAnswer> {
        self.say(&["connect", "--address", ADDRESS, "--ca-pem", &self.ca], "PING\r\n").await
    }

    /// `PING` over TLS with the password that the services use.
    pub async fn ping_with_password(&self, suite: &Suite) -> Result<ConnectAnswer> {
        let password =
            read_key(suite, places::ECOTRACK, "user-service-secrets", "redis-password").await?;
        let text = format!("AUTH {}\r\nPING\r\n", password.expose_secret());
        self.say(&["connect", "--address", ADDRESS, "--ca-pem", &self.ca], &text).await
    }

    async fn say(&self, arguments: &[&str], text: &str) -> Result<ConnectAnswer> {
        self.probe
            .ask_with_input(arguments, text.as_bytes())
            .await
            .context("the probe could not ask Redis")
    }
}
