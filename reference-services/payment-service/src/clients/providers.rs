//! The payment providers: one question, one of three outcomes. No answer is not a no.

use std::time::Duration;

use axum::http::StatusCode;
use ecotrack_chassis::Chassis;
use ecotrack_chassis::breaker::BreakerSettings;
use ecotrack_chassis::config::Secrets;
use ecotrack_chassis::http_client::{ClientError, PAYMENT_BREAKER, ServiceClient};
use ecotrack_chassis::retry::Budget;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::retries::{self, Attempt};
use super::{paypal, stripe};
use crate::domain::method::Gateway;
use crate::domain::outcome::{Lookup, Outcome};
use crate::domain::payment::Payment;
use crate::domain::refund::Refund;
use crate::domain::token::PaymentToken;

/// As spans and dashboards know the outside world.
const PEER: &str = "provider-sandbox";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asker {
    /// A request, which waits: asks again a few times, and not at all while the provider's breaker is open.
    Request,
    /// The reconciler, once: its pauses are its own, and it is how we notice that a provider is back.
    Reconciler,
}

/// Asks the providers.
#[derive(Clone)]
pub(crate) struct Providers {
    stripe: Line,
    paypal: Line,
    secrets: Secrets,
}

/// The connections to one provider.
#[derive(Clone)]
struct Line {
    guarded: ServiceClient,
    unguarded: ServiceClient,
    budget: Budget,
}

/// What a provider is asked to do, or whether it did.
#[derive(Clone, Copy)]
enum Subject<'a> {
    Charge(&'a PaymentToken),
    Refund(&'a Refund),
}

/// What a question is asked with. The key is read anew for each attempt, so that a rotated one is in use at once.
pub(super) struct Access<'a> {
    pub(super) client: &'a ServiceClient,
    pub(super) key: SecretString,
}

impl Line {
    fn new(chassis: &Chassis, breaker: &'static str, url: &Url) -> anyhow::Result<Self> {
        let open_for = chassis.settings().optional("ECOTRACK_PROVIDER_BREAKER_OPEN_SECONDS")?;
        let settings = BreakerSettings {
            open_for: open_for.map_or(PAYMENT_BREAKER.open_for, Duration::from_secs),
            ..PAYMENT_BREAKER
        };
        let unguarded = ServiceClient::new(PEER, url.clone())?;
        let guarded = unguarded.clone().with_breaker(chassis.breaker(breaker, settings));
        Ok(Self { guarded, unguarded, budget: Budget::default() })
    }

    const fn client(&self, asker: Asker) -> &ServiceClient {
        match asker {
            Asker::Request => &self.guarded,
            Asker::Reconciler => &self.unguarded,
        }
    }
}

impl Providers {
    /// The providers at `ECOTRACK_PROVIDER_URL`, each behind a breaker of its own.
    pub(crate) fn new(chassis: &Chassis, secrets: Secrets) -> anyhow::Result<Self> {
        let url = chassis.settings().required("ECOTRACK_PROVIDER_URL")?;
        Ok(Self {
            stripe: Line::new(chassis, "stripe", &url)?,
            paypal: Line::new(chassis, "paypal", &url)?,
            secrets,
        })
    }

    /// Takes the money. Asked again for the same payment it is taken once.
    pub(crate) async fn charge(
        &self,
        asker: Asker,
        payment: &Payment,
        token: &PaymentToken,
    ) -> Outcome {
        self.ask(asker, payment, Subject::Charge(token)).await
    }

    /// Pays money back. Asked again for the same refund it goes back once.
    pub(crate) async fn refund(&self, asker: Asker, payment: &Payment, refund: &Refund) -> Outcome {
        self.ask(asker, payment, Subject::Refund(refund)).await
    }

    /// What has become of a charge, by our own id of the payment.
    pub(crate) async fn find_charge(&self, payment: &Payment) -> Lookup {
        let gateway = payment.method.gateway();
        let Some(access) = self.unguarded(gateway) else { return no_credential() };
        let found = match gateway {
            Gateway::Stripe => stripe::find_charge(access, payment).await,
            Gateway::PayPal => paypal::find_charge(access, payment).await,
        };
        found.unwrap_or_else(|error| silence(gateway, error))
    }

    /// What has become of a refund, by our own id of it.
    pub(crate) async fn find_refund(&self, payment: &Payment, refund: &Refund) -> Lookup {
        let gateway = payment.method.gateway();
        let Some(access) = self.unguarded(gateway) else { return no_credential() };
        let found = match gateway {
            Gateway::Stripe => stripe::find_refund(access, payment, refund).await,
            Gateway::PayPal => paypal::find_refund(access, payment, refund).await,
        };
        found.unwrap_or_else(|error| silence(gateway, error))
    }

    async fn ask(&self, asker: Asker, payment: &Payment, subject: Subject<'_>) -> Outcome {
        let line = self.line(payment.method.gateway());
        match asker {
            Asker::Request => {
                retries::persist(&line.budget, || self.once(asker, payment, subject)).await
            }
            Asker::Reconciler => self.once(asker, payment, subject).await.outcome,
        }
    }

    async fn once(&self, asker: Asker, payment: &Payment, subject: Subject<'_>) -> Attempt {
        let gateway = payment.method.gateway();
        let Some(access) = self.access(gateway, self.line(gateway).client(asker)) else {
            return Attempt::again("no_credential");
        };
        let answer = match (gateway, subject) {
            (Gateway::Stripe, Subject::Charge(token)) => {
                stripe::charge(access, payment, token).await
            }
            (Gateway::PayPal, Subject::Charge(token)) => {
                paypal::charge(access, payment, token).await
            }
            (Gateway::Stripe, Subject::Refund(refund)) => {
                stripe::refund(access, payment, refund).await
            }
            (Gateway::PayPal, Subject::Refund(refund)) => {
                paypal::refund(access, payment, refund).await
            }
        };
        match answer {
            Ok(outcome) => Attempt::answered(outcome),
            Err(error) => Attempt::broken(gateway, error),
        }
    }

    fn unguarded(&self, gateway: Gateway) -> Option<Access<'_>> {
        self.access(gateway, &self.line(gateway).unguarded)
    }

    const fn line(&self, gateway: Gateway) -> &Line {
        match gateway {
            Gateway::Stripe => &self.stripe,
            Gateway::PayPal => &self.paypal,
        }
    }

    fn access<'a>(&self, gateway: Gateway, client: &'a ServiceClient) -> Option<Access<'a>> {
        match self.secrets.read(key_name(gateway)) {
            // A file that is being replaced may be empty for a moment.
            Ok(key) if key.expose_secret().is_empty() => None,
            Ok(key) => Some(Access { client, key }),
            Err(error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                tracing::error!(error, gateway = gateway.name(), "no key for the provider");
                None
            }
        }
    }
}

fn no_credential() -> Lookup {
    Lookup::Unknown { reason: "no_credential".to_owned() }
}

fn silence(gateway: Gateway, error: ClientError) -> Lookup {
    let outcome = Attempt::broken(gateway, error).outcome;
    Lookup::Unknown { reason: outcome.reason().unwrap_or_default().to_owned() }
}

/// The reason where an answer says neither yes nor no.
pub(super) fn unclear(status: StatusCode) -> String {
    format!("status_{}", status.as_u16())
}

const fn key_name(gateway: Gateway) -> &'static str {
    match gateway {
        Gateway::Stripe => "stripe-api-key",
        Gateway::PayPal => "paypal-client-secret",
    }
}
