//! The payment providers: one question, one of three outcomes. No answer is not a no.

use ecotrack_chassis::config::Secrets;
use ecotrack_chassis::http_client::{ClientError, ServiceClient};
use secrecy::SecretString;

use super::{paypal, stripe};
use crate::domain::method::Gateway;
use crate::domain::outcome::Outcome;
use crate::domain::payment::Payment;
use crate::domain::token::PaymentToken;

/// Asks the providers.
#[derive(Clone)]
pub(crate) struct Providers {
    client: ServiceClient,
    secrets: Secrets,
}

impl Providers {
    pub(crate) const fn new(client: ServiceClient, secrets: Secrets) -> Self {
        Self { client, secrets }
    }

    /// Takes the money. Asked again for the same payment it is taken once.
    pub(crate) async fn charge(&self, payment: &Payment, token: &PaymentToken) -> Outcome {
        self.ask(payment, async |key| match payment.method.gateway() {
            Gateway::Stripe => stripe::charge(&self.client, &key, payment, token).await,
            Gateway::PayPal => paypal::charge(&self.client, &key, payment, token).await,
        })
        .await
    }

    /// Pays the money back. Asked again for the same payment it goes back once.
    pub(crate) async fn refund(&self, payment: &Payment) -> Outcome {
        self.ask(payment, async |key| match payment.method.gateway() {
            Gateway::Stripe => stripe::refund(&self.client, &key, payment).await,
            Gateway::PayPal => paypal::refund(&self.client, &key, payment).await,
        })
        .await
    }

    /// The key is read anew each time, so that a rotated one is in use at once.
    async fn ask<F>(&self, payment: &Payment, question: F) -> Outcome
    where
        F: AsyncFnOnce(SecretString) -> Result<Outcome, ClientError>,
    {
        let gateway = payment.method.gateway();
        let key = match self.secrets.read(key_name(gateway)) {
            Ok(key) => key,
            Err(error) => {
                tracing::error!(
                    error = format!("{:#}", anyhow::Error::from(error)),
                    gateway = gateway.name(),
                    "no key for the provider"
                );
                return Outcome::Unknown { reason: "no_credential".to_owned() };
            }
        };
        question(key).await.unwrap_or_else(|error| {
            tracing::warn!(
                error = format!("{:#}", anyhow::Error::from(error)),
                gateway = gateway.name(),
                "the provider's answer is not known"
            );
            Outcome::Unknown { reason: "no_answer".to_owned() }
        })
    }
}

const fn key_name(gateway: Gateway) -> &'static str {
    match gateway {
        Gateway::Stripe => "stripe-api-key",
        Gateway::PayPal => "paypal-client-secret",
    }
}
