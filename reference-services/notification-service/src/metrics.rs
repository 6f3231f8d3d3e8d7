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

/// What became of a provider's report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It told something new.
    Applied,
    /// Known already, about nothing of ours, or of no interest.
    Ignored,
    /// Not signed as it should be.
    Refused,
    /// We could not tell whether it is; it will come again.
    Failed,
}

impl Verdict {
    /// The verdict on a believed report.
    pub(crate) const fn of(applied: bool) -> Self {
        if applied { Self::Applied } else { Self::Ignored }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Ignored => "ignored",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WebhookLabels {
    provider: &'static str,
    result: &'static str,
}

/// Reports of providers, by what became of them.
#[derive(Clone)]
pub(crate) struct WebhookMetrics(Family<WebhookLabels, Counter>);

impl WebhookMetrics {
    /// Registers them.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let events = Family::default();
        let help = "Reports of providers, by what became of them";
        registry.register("webhook_events", help, Family::clone(&events));
        Self(events)
    }

    /// A report came.
    pub(crate) fn count(&self, provider: &'static str, verdict: Verdict) {
        self.0.get_or_create(&WebhookLabels { provider, result: verdict.name() }).inc();
    }
}
