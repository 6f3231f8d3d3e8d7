//! What a customer may want besides: what others bought with a product or, where that is not known, what is popular.

use std::time::Duration;

use ecotrack_chassis::{ApiError, ApiResult};
use uuid::Uuid;

use super::Catalogue;
use crate::{caches::POPULAR, domain::Suggestion, store::suggestions};

/// Longest that recommendations may take before popular products stand in for them.
const PATIENCE: Duration = Duration::from_millis(500);

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
        if self.find(product_id).await?.is_none() {
            return Err(ApiError::not_found());
        }
        let items = self.bought_together(product_id).await;
        if !items.is_empty() {
            return Ok(Recommendations { items, source: Source::BoughtTogether });
        }
        let mut items = self.popular().await?;
        items.retain(|item| item.id != product_id);
        Ok(Recommendations { items, source: Source::PopularProducts })
    }

    /// Nothing when nothing is known, and when it cannot be found out in time.
    async fn bought_together(&self, product_id: Uuid) -> Vec<Suggestion> {
        let load = || async {
            let mut connection = self.database.acquire().await?;
            let found = suggestions::fetch_bought_together(&mut connection, product_id).await?;
            // That nothing was bought with it ends with the next order.
            Ok::<_, sqlx::Error>((!found.is_empty()).then_some(found))
        };
        let id = format!("with:{}", product_id.simple());
        let find = self.caches.suggestions.get_or_load(&id, load);
        match tokio::time::timeout(PATIENCE, find).await {
            Ok(Ok(items)) => items.unwrap_or_default(),
            Ok(Err(error)) => {
                tracing::warn!(%error, "no recommendations, popular products instead");
                Vec::new()
            }
            Err(_) => {
                tracing::warn!("recommendations took too long, popular products instead");
                Vec::new()
            }
        }
    }
}
