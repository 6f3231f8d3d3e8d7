//! In which order products are listed: one of a closed list, each with a whole number to sort by and the id for the rest.

use ecotrack_chassis::error::Violation;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// In which order products are listed. Products alike are in the order in which they were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    /// In the order in which they were added.
    Oldest,
    /// The other way round.
    Newest,
    /// The lowest price first.
    PriceAsc,
    /// The highest price first.
    PriceDesc,
    /// The most sustainable first.
    Sustainability,
    /// The best match of the search text first.
    Relevance,
}

impl Sort {
    /// Every order.
    pub(crate) const ALL: [Self; 6] = [
        Self::Oldest,
        Self::Newest,
        Self::PriceAsc,
        Self::PriceDesc,
        Self::Sustainability,
        Self::Relevance,
    ];

    /// The name in requests and cursors.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Oldest => "oldest",
            Self::Newest => "newest",
            Self::PriceAsc => "price_asc",
            Self::PriceDesc => "price_desc",
            Self::Sustainability => "sustainability",
            Self::Relevance => "relevance",
        }
    }

    /// Reads a name.
    pub(crate) fn parse(name: &str) -> Result<Self, Violation> {
        Self::ALL.into_iter().find(|sort| sort.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Violation::new("/sort", format!("one of {names}"))
        })
    }

    /// Whether it compares prices, which is only possible within one currency.
    pub(crate) const fn compares_prices(self) -> bool {
        matches!(self, Self::PriceAsc | Self::PriceDesc)
    }

    /// Whether larger keys come first.
    pub(crate) const fn is_descending(self) -> bool {
        matches!(self, Self::Newest | Self::PriceDesc | Self::Sustainability | Self::Relevance)
    }
}

/// Where a product stands in an order, and so where the next page begins. A key of one order means nothing in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) sort: Sort,
    pub(crate) value: i64,
    pub(crate) id: Uuid,
}
