//! What the business wants to know, as the telemetry registry names it.

use std::time::Duration;

use ecotrack_chassis::metrics::{Buckets, Histograms, LATENCY_BUCKETS};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::domain::order::Order;
use crate::domain::region;
use crate::domain::status::Status;

const VALUE_BUCKETS: &[f64] = &[5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0];
const MINOR_PER_MAJOR: f64 = 100.0;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OrderLabels {
    order_status: &'static str,
    payment_method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ValueLabels {
    currency: &'static str,
    region: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DurationLabels {
    order_type: &'static str,
    complexity: &'static str,
}

/// The service's own metrics.
#[derive(Clone)]
pub(crate) struct OrderMetrics {
    orders: Family<OrderLabels, Counter>,
    value: Histograms<ValueLabels>,
    duration: Histograms<DurationLabels>,
}

impl OrderMetrics {
    /// Registers them.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            orders: Family::default(),
            value: Histograms::new_with_constructor(Buckets(VALUE_BUCKETS)),
            duration: Histograms::new_with_constructor(Buckets(LATENCY_BUCKETS)),
        };
        registry.register("orders", "Orders that reached a status", metrics.orders.clone());
        registry.register("order_value_dollars", "Total of a placed order", metrics.value.clone());
        let help = "From the request to the committed order";
        registry.register("order_processing_duration_seconds", help, metrics.duration.clone());
        metrics
    }

    /// An order was placed.
    pub(crate) fn placed(&self, order: &Order, took: Duration) {
        self.reached(order);
        let currency = order.total.currency();
        let labels = ValueLabels { currency: currency.code(), region: region::of(currency) };
        self.value.get_or_create(&labels).observe(major(order.total.amount_minor()));
        let labels = DurationLabels { order_type: "standard", complexity: order.complexity() };
        self.duration.get_or_create(&labels).observe(took.as_secs_f64());
    }

    /// An order reached a status. That a payment is under way is payment-service's to count.
    pub(crate) fn reached(&self, order: &Order) {
        if order.status == Status::PaymentPending {
            return;
        }
        let labels = OrderLabels {
            order_status: order.status.name(),
            payment_method: order.payment_method.name(),
        };
        self.orders.get_or_create(&labels).inc();
    }
}

/// Major units, for a histogram: its buckets are coarse, so a rounding error is not seen.
#[allow(clippy::cast_precision_loss, reason = "amounts stay far below 2^53 cents")]
fn major(minor: i64) -> f64 {
    minor as f64 / MINOR_PER_MAJOR
}
