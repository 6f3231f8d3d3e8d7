//! How the customer means to pay.

use serde::{Deserialize, Serialize};

/// The customer's intention; the payment itself decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PaymentMethod {
    /// By card.
    #[serde(alias = "card")]
    CreditCard,
    /// By wallet.
    Paypal,
    /// Not said.
    #[default]
    None,
}

impl PaymentMethod {
    /// Label value of metrics and name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreditCard => "card",
            Self::Paypal => "paypal",
            Self::None => "none",
        }
    }

    /// Reads a name from the database.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::CreditCard, Self::Paypal, Self::None]
            .into_iter()
            .find(|method| method.name() == name)
    }
}
