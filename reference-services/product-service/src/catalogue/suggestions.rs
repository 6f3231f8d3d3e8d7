//! What a customer may want besides: what others bought with a product or, where that is not known, what is popular.

use std::time::Duration;

use ecotrack_chassis::{ApiError, ApiResult};
use tokio::time::timeout;
use uuid::Uuid;

use super::Catalogue;
use crate::{caches::POPULAR, domain::Suggestion, store::suggestions};

/// Longest that recommendations may take before popular products stand in for them.
const PATIENCE: Duration = Duration::from_millis(500);
/// Connections that count what was bought together at most. The others are left to those who order.
pub(super) const COUNTS_AT_ONCE: usize = 4;

/// Requests that look for recommendations at once, also when their clients do not wait any more. Beyond it popular products stand in.
pub(super) const LOOKING_AT_ONCE: usize = 256;

/// Where recommendations come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// What others bought together with the product.
    BoughtTogether,
    /// What is popular: the fallback.
    PopularProducts,
}

/// What a customer may want besides a product.
pub(crate) struct Recommendations {
    pub(crate) items: Vec<Suggestion>,
    pub(crate) source: Source,
}

impl Catalogue {
    /// The products most ordered of late, as they were at most an hour ago.
    pub(crate) async fn popular(&self) -> ApiResult<Vec<Suggestion>> {
        let load = || async {
            let mut connection = self.database.acquire().await?;
            Ok::<_, ApiError>(Some(suggestions::fetch_popular(&mut connection).await?))
        };
        Ok(self.caches.suggestions.get_or_load(POPULAR, load).await?.unwrap_or_default())
    }

    /// What others bought together with a product. Without it being known in time, what is popular.
    pub(crate) async fn recommendations(&self, product_id: Uuid) -> ApiResult<Recommendations> {
        match self.find(product_id).await {
            Ok(Some(_)) => {}
            Ok(None) => return Err(ApiError::not_found()),
            // What is popular may still be known when it is not known whether the product is there.
            Err(error) => {
                tracing::warn!(?error, "a product that recommendations are for is not known");
            }
        }
        let items = self.bought_together(product_id).await;
        if !items.is_empty() {
            return Ok(Recommendations { items, source: Source::BoughtTogether });
        }
        let mut items = self.popular().await?;
        items.retain(|item| item.id != product_id);
        Ok(Recommendations { items, source: Source::PopularProducts })
    }

    /// Nothing when nothing is known, and when it cannot be found out in time. A count that takes longer goes on in a task of its
    /// own and is kept for the next one who asks.
    async fn bought_together(&self, product_id: Uuid) -> Vec<Suggestion> {
        let counting = self.clone().count_together(product_id);
        if let Some(counted) = self.looking.run(PATIENCE, counting).await {
            return counted;
        }
        tracing::warn!("recommendations took too long, popular products instead");
        Vec::new()
    }

    /// What was bought together, as cached or as counted now; that it was nothing is cached too. Nothing when that fails.
    async fn count_together(self, product_id: Uuid) -> Vec<Suggestion> {
        let load = || async {
            let Ok(_turn) = timeout(PATIENCE, self.counts.acquire()).await else {
                return Err(sqlx::Error::PoolTimedOut);
            };
            let mut connection = self.database.acquire().await?;
            suggestions::fetch_bought_together(&mut connection, product_id).await.map(Some)
        };
        let id = format!("with:{}", product_id.simple());
        match self.caches.suggestions.get_or_load(&id, load).await {
            Ok(items) => items.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "no recommendations, popular products instead");
                Vec::new()
            }
        }
    }
}
