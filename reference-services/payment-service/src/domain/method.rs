//! How a customer pays and who moves the money.

use serde::{Deserialize, Serialize};

/// How the customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// By card.
    #[serde(alias = "card")]
    CreditCard,
    /// By wallet.
    Paypal,
}

/// Who moves the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// Takes cards.
    Stripe,
    /// Takes wallets.
    PayPal,
}

impl Method {
    /// The name in events, metrics and the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreditCard => "card",
            Self::Paypal => "paypal",
        }
    }

    /// Reads a name from the database.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::CreditCard, Self::Paypal].into_iter().find(|method| method.name() == name)
    }

    /// The provider that takes this method.
    #[must_use]
    pub const fn gateway(self) -> Gateway {
        match self {
            Self::CreditCard => Gateway::Stripe,
            Self::Paypal => Gateway::PayPal,
        }
    }
}

impl Gateway {
    /// The name in events and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::PayPal => "paypal",
        }
    }
}
