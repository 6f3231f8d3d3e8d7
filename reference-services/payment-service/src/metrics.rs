//! What the business wants to know, as the telemetry registry names it.

use std::time::Duration;

use ecotrack_chassis::metrics::{Buckets, Histograms, LATENCY_BUCKETS};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::domain::method::Method;
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

/// The service's own metrics.
#[derive(Clone)]
pub(crate) struct PaymentMetrics {
    payments: Family<PaymentLabels, Counter>,
    duration: Histograms<DurationLabels>,
}

impl PaymentMetrics {
    /// Registers them.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            payments: Family::default(),
            duration: Histograms::new_with_constructor(Buckets(LATENCY_BUCKETS)),
        };
        registry.register("payments", "Payments that reached a status", metrics.payments.clone());
        let help = "From the request to the provider's answer";
        registry.register("payment_processing_duration_seconds", help, metrics.duration.clone());
        metrics
    }

    /// A payment reached a status. An open question is not counted.
    pub(crate) fn reached(&self, payment: &Payment) {
        if matches!(payment.status, Status::Pending | Status::RefundPending) {
            return;
        }
        let labels = PaymentLabels {
            gateway: payment.method.gateway().name(),
            method: payment.method.name(),
            status: payment.status.name(),
        };
        self.payments.get_or_create(&labels).inc();
    }

    /// A provider answered, or did not in time.
    pub(crate) fn asked(&self, method: Method, took: Duration) {
        let labels = DurationLabels { gateway: method.gateway().name(), method: method.name() };
        self.duration.get_or_create(&labels).observe(took.as_secs_f64());
    }
}
