//! What a user may be to us.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A role, as tokens name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Buys; everybody who registers.
    Customer,
    /// Runs the shop. Never given by a client to itself.
    Admin,
}

impl Role {
    /// Its name in tokens and rows.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Admin => "admin",
        }
    }
}
