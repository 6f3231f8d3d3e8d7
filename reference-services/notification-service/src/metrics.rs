//! What the business wants to know, as the telemetry registry names it.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::domain::notification::Notification;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    channel: &'static str,
    template: String,
    status: &'static str,
}

/// The service's own metrics.
#[derive(Clone)]
pub(crate) struct NotificationMetrics(Family<Labels, Counter>);

impl NotificationMetrics {
    /// Registers them.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let notifications = Family::default();
        registry.register(
            "notifications",
            "Notifications that reached a status",
            Family::clone(&notifications),
        );
        Self(notifications)
    }

    /// A notification reached a status.
    pub(crate) fn reached(&self, notification: &Notification) {
        let labels = Labels {
            channel: notification.channel.name(),
            template: notification.template.clone(),
            status: notification.status.name(),
        };
        self.0.get_or_create(&labels).inc();
    }
}
