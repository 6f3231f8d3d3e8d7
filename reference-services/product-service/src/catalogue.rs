//! The catalogue: read from the cache where it can be, written by administrators.

use ecotrack_chassis::{ApiError, ApiResult, cache::TypedCache, postgres::Database};
use uuid::Uuid;

use crate::{
    domain::{Category, Cursor, Filter, Image, NewProduct, Product, tree},
    store,
};

/// Id under which the whole tree is cached.
const TREE: &str = "tree";

/// A page of products, and where the next one begins.
pub(crate) struct Page {
    pub(crate) items: Vec<Product>,
    pub(crate) next_cursor: Option<Cursor>,
}

/// Reads and extends the catalogue.
#[derive(Clone)]
pub(crate) struct Catalogue {
    database: Database,
    products: TypedCache<Product>,
    categories: TypedCache<Vec<Category>>,
}

impl Catalogue {
    pub(crate) fn new(
        database: Database,
        products: TypedCache<Product>,
        categories: TypedCache<Vec<Category>>,
    ) -> Self {
        Self { database, products, categories }
    }

    /// One product.
    pub(crate) async fn find(&self, id: Uuid) -> ApiResult<Option<Product>> {
        let load = || async {
            let mut connection = self.database.acquire().await?;
            Ok(store::products::find(&mut connection, id).await?)
        };
        self.products.get_or_load(&id.to_string(), load).await
    }

    /// The products a filter lets through, a page at a time.
    pub(crate) async fn search(&self, filter: &Filter) -> ApiResult<Page> {
        let mut connection = self.database.acquire().await?;
        let mut items = store::products::fetch_page(&mut connection, filter).await?;
        let page = usize::try_from(filter.limit).map_err(ApiError::internal)?;
        let has_more = items.len() > page;
        items.truncate(page);
        let next_cursor = items.last().filter(|_| has_more).map(|last| Cursor(last.id));
        Ok(Page { items, next_cursor })
    }

    /// All categories as a tree.
    pub(crate) async fn categories(&self) -> ApiResult<Vec<Category>> {
        let load = || async {
            let mut connection = self.database.acquire().await?;
            Ok::<_, ApiError>(Some(tree(store::categories::fetch_all(&mut connection).await?)))
        };
        Ok(self.categories.get_or_load(TREE, load).await?.unwrap_or_default())
    }

    /// Adds a product with its pictures and says its id.
    pub(crate) async fn add(&self, product: &NewProduct, images: &[Image]) -> ApiResult<Uuid> {
        let id = Uuid::now_v7();
        let mut transaction = self.database.begin().await?;
        if !store::products::insert(&mut transaction, id, product).await? {
            return Err(ApiError::invalid_field("/category_id", "the category does not exist"));
        }
        store::products::insert_images(&mut transaction, id, images).await?;
        transaction.commit().await?;
        Ok(id)
    }
}
