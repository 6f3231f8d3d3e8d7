//! The names of the processes that are started, killed and judged.

use std::{fmt, str::FromStr};

use anyhow::Context as _;
use serde::Serialize;

/// One of the five services, or the world outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Name {
    /// user-service.
    UserService,
    /// product-service.
    ProductService,
    /// order-service.
    OrderService,
    /// payment-service.
    PaymentService,
    /// notification-service.
    NotificationService,
    /// provider-sandbox.
    ProviderSandbox,
}

impl Name {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::UserService,
        Self::ProductService,
        Self::OrderService,
        Self::PaymentService,
        Self::NotificationService,
        Self::ProviderSandbox,
    ];
    /// Those that are under test: the sandbox is the witness.
    pub const SERVICES: [Self; 5] = [
        Self::UserService,
        Self::ProductService,
        Self::OrderService,
        Self::PaymentService,
        Self::NotificationService,
    ];

    /// Name of the program, the package and the Kafka user.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UserService => "user-service",
            Self::ProductService => "product-service",
            Self::OrderService => "order-service",
            Self::PaymentService => "payment-service",
            Self::NotificationService => "notification-service",
            Self::ProviderSandbox => "provider-sandbox",
        }
    }

    /// Its schema in the database, and the role that owns it.
    #[must_use]
    pub fn schema(self) -> String {
        self.as_str().replace('-', "_")
    }

    /// The database it works on.
    #[must_use]
    pub const fn database(self) -> &'static str {
        match self {
            Self::ProviderSandbox => "provider_sandbox",
            Self::UserService
            | Self::ProductService
            | Self::OrderService
            | Self::PaymentService
            | Self::NotificationService => "ecotrack",
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl FromStr for Name {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let is_meant =
            |name: &Name| name.as_str() == text || name.as_str() == format!("{text}-service");
        Self::ALL.into_iter().find(is_meant).with_context(|| format!("no service {text:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_goes_by_its_short_name_too() {
        assert_eq!("order".parse::<Name>().unwrap(), Name::OrderService);
        assert_eq!("order-service".parse::<Name>().unwrap(), Name::OrderService);
        assert!("orders".parse::<Name>().is_err());
    }
}
