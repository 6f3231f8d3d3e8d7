//! What is cached, for how long, and what a change makes stale.

use std::time::Duration;

use ecotrack_chassis::{
    cache::{Cache, Invalidation, TypedCache, VersionedCache},
    page::Page,
};
use uuid::Uuid;

use crate::domain::{Category, Product, Suggestion};

/// How long a product is cached. A change of itself or of its stock removes it earlier.
const PRODUCT_TTL: Duration = Duration::from_mins(10);
/// How long the tree of categories is cached.
const CATEGORY_TTL: Duration = Duration::from_hours(1);
/// How long a page of a search is cached. A change of the catalogue ends all of them at once.
const SEARCH_TTL: Duration = Duration::from_mins(5);
/// How long it is cached what is popular and what is bought together.
const SUGGESTIONS_TTL: Duration = Duration::from_hours(1);
/// Id under which the whole tree of categories is cached.
pub(crate) const TREE: &str = "tree";
/// Id under which the popular products are cached.
pub(crate) const POPULAR: &str = "popular";

/// The caches of the service. What a change makes stale is named all at once, before it is committed.
#[derive(Clone)]
pub(crate) struct Caches {
    pub(crate) products: TypedCache<Product>,
    pub(crate) categories: TypedCache<Vec<Category>>,
    pub(crate) searches: VersionedCache<Page<Product>>,
    pub(crate) suggestions: VersionedCache<Vec<Suggestion>>,
}

impl Caches {
    pub(crate) fn new(cache: &Cache) -> Self {
        Self {
            products: cache.of("product", PRODUCT_TTL),
            categories: cache.of("category", CATEGORY_TTL),
            searches: cache.versioned("search", SEARCH_TTL),
            suggestions: cache.versioned("suggestions", SUGGESTIONS_TTL),
        }
    }

    /// An administrator added, changed or archived a product.
    pub(crate) fn product_changed(&self, id: Uuid) -> Invalidation {
        self.products.remove(&id.to_string()).and(self.suggestions.bump()).and(self.searches.bump())
    }

    /// An administrator changed the tree of categories.
    pub(crate) fn categories_changed(&self) -> Invalidation {
        self.categories.remove(TREE).and(self.searches.bump())
    }

    /// Stock was taken or came back. Lists may be a little late about how much is left, but not about whether something is.
    pub(crate) fn stock_changed(&self, changes: &[StockChange]) -> Invalidation {
        let removals =
            changes.iter().map(|change| self.products.remove(&change.product_id.to_string()));
        let is_listed_anew = changes.iter().any(StockChange::ends_or_begins);
        let bump = is_listed_anew.then(|| self.searches.bump());
        removals.chain(bump).fold(self.products.unchanged(), Invalidation::and)
    }
}

/// How the stock of a product changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StockChange {
    pub(crate) product_id: Uuid,
    pub(crate) before: i32,
    pub(crate) after: i32,
}

impl StockChange {
    /// Whether the product is sold out now, or was.
    pub(crate) const fn ends_or_begins(&self) -> bool {
        (self.before == 0) != (self.after == 0)
    }
}
