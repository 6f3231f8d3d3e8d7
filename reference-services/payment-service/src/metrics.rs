//! What the business wants to know, as the telemetry registry names it.

use std::time::Duration;

use ecotrack_chassis::metrics::{Buckets, Histograms, LATENCY_BUCKETS};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use ecotrack_events::Event;

use crate::domain::method::{Gateway, Method};
use crate::domain::payment::Payment;
use crate::domain::status::Status;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PaymentLabels {
    gateway: &'static str,
    method: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DurationLabels {
    gateway: &'static str,
    method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WebhookLabels {
    provider: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GatewayLabels {
    gateway: &'static str,
}

impl WebhookLabels {
    const fn of(gateway: Gateway, fate: WebhookFate) -> Self {
        Self { provider: gateway.name(), result: fate.name() }
    }
}

/// What became of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WebhookFate {
    /// A payment changed.
    Applied,
    /// It told what was known already.
    Known,
    /// The same event came before.
    Duplicate,
    /// Of a type, or about a payment, that is none of our business.
    Ignored,
    /// It tells of money that was taken after its payment was given up.
    Late,
    /// It does not fit what is known.
    Contradiction,
    /// Not signed as it should be, or not readable.
    Refused,
    /// We could not take it in; it will come again.
    Failed,
}

impl WebhookFate {
    const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Known => "known",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
            Self::Late => "late",
            Self::Contradiction => "contradiction",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// The service's own metrics.
#[derive(Clone)]
pub(crate) struct PaymentMetrics {
    payments: Family<PaymentLabels, Counter>,
    duration: Histograms<DurationLabels>,
    webhooks: Family<WebhookLabels, Counter>,
    take_backs_refused: Family<GatewayLabels, Counter>,
}

impl PaymentMetrics {
    /// Registers them.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            payments: Family::default(),
            duration: Histograms::new_with_constructor(Buckets(LATENCY_BUCKETS)),
            webhooks: Family::default(),
            take_backs_refused: Family::default(),
        };
        registry.register("payments", "Payments that reached a status", metrics.payments.clone());
        let help = "From the request to the provider's answer";
        registry.register("payment_processing_duration_seconds", help, metrics.duration.clone());
        let help = "Reports of providers, by what became of them";
        registry.register("webhook_events", help, metrics.webhooks.clone());
        let help = "Refusals to pay back what was taken after its payment was given up";
        registry.register("take_backs_refused", help, metrics.take_backs_refused.clone());
        for gateway in [Gateway::Stripe, Gateway::PayPal] {
            let labels = GatewayLabels { gateway: gateway.name() };
            drop(metrics.take_backs_refused.get_or_create(&labels));
            for fate in [WebhookFate::Late, WebhookFate::Contradiction] {
                // A series that begins with its first event has no increase an alert could see.
                drop(metrics.webhooks.get_or_create(&WebhookLabels::of(gateway, fate)));
            }
        }
        metrics
    }

    /// An event was written: a payment reached a status. A part that went back is no status of its own.
    pub(crate) fn told(&self, payment: &Payment, event: &Event) {
        let Some(status) = reached(payment, event) else { return };
        let method = payment.method;
        let labels =
            PaymentLabels { gateway: method.gateway().name(), method: method.name(), status };
        self.payments.get_or_create(&labels).inc();
    }

    /// A webhook came.
    pub(crate) fn webhook(&self, gateway: Gateway, fate: WebhookFate) {
        self.webhooks.get_or_create(&WebhookLabels::of(gateway, fate)).inc();
    }

    /// A provider refused to pay back what belongs back.
    pub(crate) fn take_back_refused(&self, method: Method) {
        let labels = GatewayLabels { gateway: method.gateway().name() };
        self.take_backs_refused.get_or_create(&labels).inc();
    }

    /// A provider answered, or did not in time.
    pub(crate) fn asked(&self, method: Method, took: Duration) {
        let labels = DurationLabels { gateway: method.gateway().name(), method: method.name() };
        self.duration.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

/// The status that an event tells of.
fn reached(payment: &Payment, event: &Event) -> Option<&'static str> {
    if let Event::PaymentRefunded(refund) = event {
        let is_all = refund.refunded_total == Some(payment.amount);
        return is_all.then_some(Status::Refunded.name());
    }
    let is_initiated = matches!(event, Event::PaymentInitiated(_));
    let is_processed = matches!(event, Event::PaymentProcessed(_));
    let is_failed = matches!(event, Event::PaymentFailed(_));
    [(is_initiated, "initiated"), (is_processed, "processed"), (is_failed, "failed")]
        .into_iter()
        .find_map(|(is_so, status)| is_so.then_some(status))
}
