//! Payloads of `notification-events`. No address, no text: both are personal.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A provider accepted a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NotificationSent {
    /// The notification.
    pub notification_id: Uuid,
    /// Who it is for.
    pub user_id: Uuid,
    /// `email` or `sms`.
    pub channel: String,
    /// Name of the template.
    pub template: String,
    /// When.
    pub sent_at: DateTime<Utc>,
}

/// A notification reached its receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NotificationDelivered {
    /// The notification.
    pub notification_id: Uuid,
    /// Who it is for.
    pub user_id: Uuid,
    /// `email` or `sms`.
    pub channel: String,
    /// Name of the template.
    pub template: String,
    /// When.
    pub delivered_at: DateTime<Utc>,
}

/// A notification will not be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct NotificationFailed {
    /// The notification.
    pub notification_id: Uuid,
    /// Who it is for.
    pub user_id: Uuid,
    /// `email` or `sms`.
    pub channel: String,
    /// Name of the template.
    pub template: String,
    /// Why, in a word.
    pub reason: String,
    /// When.
    pub failed_at: DateTime<Utc>,
}
