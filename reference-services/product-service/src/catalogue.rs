//! The catalogue: read from the caches where it can be, written by administrators.

mod apart;
mod categories;
mod suggestions;
mod writes;

use std::sync::Arc;

use ecotrack_chassis::{ApiError, ApiResult, page::Page, postgres::Database};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    caches::Caches,
    domain::{Product, Search},
    store,
};

use apart::Apart;
pub(crate) use suggestions::{Recommendations, Source};

/// Reads and changes the catalogue.
#[derive(Clone)]
pub(crate) struct Catalogue {
    database: Database,
    caches: Caches,
    /// Turns at counting what was bought together.
    counts: Arc<Semaphore>,
    /// Whoever looks for what was bought together, until it is found.
    looking: Apart,
}

impl Catalogue {
    pub(crate) fn new(database: Database, caches: Caches) -> Self {
        let counts = Arc::new(Semaphore::new(suggestions::COUNTS_AT_ONCE));
        Self { database, caches, counts, looking: Apart::new(suggestions::LOOKING_AT_ONCE) }
    }

    /// One product.
    pub(crate) async fn find(&self, id: Uuid) -> ApiResult<Option<Product>> {
        let load = || async {
            let mut connection = self.database.acquire().await?;
            Ok(store::products::find(&mut connection, id).await?)
        };
        self.caches.products.get_or_load(&id.to_string(), load).await
    }

    /// The products that a search finds, a page at a time.
    pub(crate) async fn search(&self, search: &Search) -> ApiResult<Page<Product>> {
        let load = || async {
            let mut connection = self.database.acquire().await?;
            let found = store::search::fetch_page(&mut connection, search).await?;
            let page = Page::new(found, search.page.limit, |found| found.key);
            Ok::<_, ApiError>(Some(page.map(|found| found.product)))
        };
        let page = self.caches.searches.get_or_load(&search.cache_id(), load).await?;
        page.ok_or_else(|| ApiError::internal(anyhow::anyhow!("a search found no page")))
    }
}
