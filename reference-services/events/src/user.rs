//! Payloads of `user-events`. The address travels here because the welcome message needs it; it is never in a header.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A new customer registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UserRegistered {
    /// The user.
    pub user_id: Uuid,
    /// Address the customer registered with.
    pub email: String,
    /// For the salutation.
    pub first_name: String,
    /// When.
    pub registered_at: DateTime<Utc>,
}

/// A customer changed what is known about them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UserUpdated {
    /// The user.
    pub user_id: Uuid,
    /// Address after the change.
    pub email: String,
    /// First name after the change.
    pub first_name: String,
    /// When.
    pub updated_at: DateTime<Utc>,
}

/// A customer's account and personal data are gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UserDeleted {
    /// The user.
    pub user_id: Uuid,
    /// When.
    pub deleted_at: DateTime<Utc>,
}

/// A customer logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UserLogin {
    /// The user.
    pub user_id: Uuid,
    /// The session that began.
    pub session_id: Uuid,
    /// When.
    pub logged_in_at: DateTime<Utc>,
}

/// A customer logged out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct UserLogout {
    /// The user.
    pub user_id: Uuid,
    /// The session that ended.
    pub session_id: Uuid,
    /// When.
    pub logged_out_at: DateTime<Utc>,
}
