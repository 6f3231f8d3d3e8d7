//! The courier: carries webhooks to the customer, signed, one after the other, again when they do not arrive.

mod connect_to;

use std::time::Duration;

use anyhow::{Context as _, ensure};
use chrono::Utc;
use ecotrack_chassis::config::{Secrets, Settings};
use ecotrack_chassis::postgres::Database;
use ecotrack_chassis::workers::Progress;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::provider::Provider;
use crate::store::{self, Due};
use connect_to::ConnectTo;

/// Longest one delivery may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// A webhook whose courier died is taken up by another after this.
const LEASE: Duration = Duration::from_secs(15);
/// Deliveries before a webhook is given up.
const MAX_ATTEMPTS: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// Where webhooks go, if anywhere: the addresses without their paths.
#[derive(Clone, Default)]
pub(crate) struct Receivers {
    payments: Option<Url>,
    notifications: Option<Url>,
}

impl Receivers {
    /// `ECOTRACK_PAYMENT_WEBHOOK_URL` and `ECOTRACK_NOTIFICATION_WEBHOOK_URL`; who is not named is told nothing.
    pub(crate) fn load(settings: &Settings) -> anyhow::Result<Self> {
        Ok(Self {
            payments: settings.optional("ECOTRACK_PAYMENT_WEBHOOK_URL")?,
            notifications: settings.optional("ECOTRACK_NOTIFICATION_WEBHOOK_URL")?,
        })
    }

    /// Whether anybody is told anything.
    pub(crate) const fn is_empty(&self) -> bool {
        self.payments.is_none() && self.notifications.is_none()
    }

    /// A port in an address would win over the one of the place that connections go to.
    fn ensure_no_port(&self) -> anyhow::Result<()> {
        for address in self.payments.iter().chain(&self.notifications) {
            ensure!(
                address.port().is_none(),
                "{address} names a port, and so does ECOTRACK_WEBHOOK_CONNECT_TO"
            );
        }
        Ok(())
    }

    /// Where a provider's webhooks go.
    pub(crate) fn of(&self, provider: Provider) -> Option<Url> {
        let (base, collection) = match provider {
            Provider::Stripe | Provider::PayPal => (self.payments.as_ref()?, "payments"),
            Provider::SendGrid | Provider::Twilio => {
                (self.notifications.as_ref()?, "notifications")
            }
            Provider::Slack | Provider::PagerDuty => return None,
        };
        base.join(&format!("/api/{collection}/webhooks/{provider}")).ok()
    }
}

/// Carries webhooks.
#[derive(Clone)]
pub(crate) struct Courier {
    database: Database,
    receivers: Receivers,
    secrets: Secrets,
    http: reqwest::Client,
}

impl Courier {
    /// A courier that trusts the platform's certificate authority, and nobody who sends it elsewhere. With
    /// `ECOTRACK_WEBHOOK_CONNECT_TO` it connects to that place, whatever the receiver's name.
    pub(crate) fn new(
        settings: &Settings,
        database: Database,
        receivers: Receivers,
    ) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder()
            .tls_certs_only(authorities(settings)?)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT);
        let client = match settings.optional::<ConnectTo>("ECOTRACK_WEBHOOK_CONNECT_TO")? {
            None => client,
            Some(place) => {
                receivers.ensure_no_port()?;
                client.dns_resolver(place)
            }
        };
        let http = client.build().context("cannot make the client that sends webhooks")?;
        Ok(Self { database, receivers, secrets: settings.secrets()?, http })
    }

    /// Sends one webhook that is due.
    pub(crate) async fn step(&self) -> anyhow::Result<Progress> {
        let mut conn = self.database.acquire().await?;
        let Some(due) = store::take_due(&mut conn, LEASE).await? else {
            return Ok(Progress::Idle);
        };
        drop(conn);
        let sent = self.send(&due).await;
        let mut conn = self.database.acquire().await?;
        match sent {
            Ok(()) => store::arrived(&mut conn, due.id).await?,
            Err(error) => {
                let (error, provider) = (format!("{error:#}"), due.provider.name());
                tracing::warn!(
                    error,
                    provider,
                    attempts = due.attempts,
                    "a webhook did not arrive"
                );
                store::failed(&mut conn, due.id, pause(due.attempts)).await?;
            }
        }
        Ok(Progress::Worked)
    }

    async fn send(&self, due: &Due) -> anyhow::Result<()> {
        let url = self.receivers.of(due.provider).context("nobody is to be told any more")?;
        let secrets = self.secrets_of(due.provider)?;
        let signature =
            ecotrack_webhook::sign(&secrets, due.body.as_bytes(), Utc::now().timestamp());
        let response = self
            .http
            .post(url)
            .header("content-type", &due.content_type)
            .header(ecotrack_webhook::HEADER, signature)
            .body(due.body.clone())
            .send()
            .await
            .map_err(reqwest::Error::without_url)?;
        ensure!(response.status().is_success(), "the receiver answered {}", response.status());
        Ok(())
    }

    /// The secret in use and, while it is replaced, the one before. Read anew for each webhook.
    fn secrets_of(&self, provider: Provider) -> anyhow::Result<Vec<SecretString>> {
        let current = self.secrets.read(&format!("{provider}-webhook-secret"))?;
        let previous = self.secrets.read(&format!("{provider}-webhook-secret-previous")).ok();
        let secrets: Vec<_> = std::iter::once(current)
            .chain(previous)
            .filter(|secret| !secret.expose_secret().is_empty())
            .collect();
        ensure!(!secrets.is_empty(), "the webhook secret of {provider} is empty");
        Ok(secrets)
    }
}

fn authorities(settings: &Settings) -> anyhow::Result<Vec<reqwest::Certificate>> {
    let Some(file) = settings.ca_file()? else { return Ok(Vec::new()) };
    let pem = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(reqwest::Certificate::from_pem_bundle(&pem)?)
}

/// The pause after so many attempts, doubling; `None` when it is given up.
fn pause(attempts: u32) -> Option<Duration> {
    let factor = 2_u32.saturating_pow(attempts.saturating_sub(1));
    (attempts < MAX_ATTEMPTS).then(|| FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_is_sent_ten_times_with_growing_pauses() {
        let pauses: Vec<_> = (1..=10).map(pause).collect();
        assert_eq!(pauses[0], Some(FIRST_PAUSE));
        assert_eq!(pauses[8], Some(LONGEST_PAUSE));
        assert_eq!(pauses[9], None);
    }

    #[test]
    fn who_is_not_named_is_told_nothing() {
        let base = Url::parse("https://shop.example").ok();
        let receivers = Receivers { payments: base, notifications: None };
        let url = receivers.of(Provider::PayPal).map(|url| url.to_string());
        assert_eq!(url.as_deref(), Some("https://shop.example/api/payments/webhooks/paypal"));
        assert!(receivers.of(Provider::Twilio).is_none() && Receivers::default().is_empty());
    }
}
