//! The tree of categories, and what administrators do to it.

use ecotrack_chassis::{ApiError, ApiResult};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Catalogue;
use crate::{
    caches::TREE,
    domain::{Category, CategoryChange, MoveError, NewCategory, Place, tree},
    store::categories,
};

impl Catalogue {
    /// All categories as a tree.
    pub(crate) async fn categories(&self) -> ApiResult<Vec<Category>> {
        let load = || async {
            let mut connection = self.database.acquire().await?;
            Ok::<_, ApiError>(Some(tree(categories::fetch_all(&mut connection).await?)))
        };
        Ok(self.caches.categories.get_or_load(TREE, load).await?.unwrap_or_default())
    }

    /// One category with those below it.
    pub(crate) async fn category(&self, id: Uuid) -> ApiResult<Category> {
        find(&self.categories().await?, id)
    }

    /// Adds a category.
    pub(crate) async fn add_category(&self, category: &NewCategory) -> ApiResult<Category> {
        let id = Uuid::now_v7();
        let mut transaction = self.database.begin().await?;
        let shape = categories::lock_shape(&mut transaction).await?;
        shape.may_add(category.parent_id).map_err(refusal)?;
        if !categories::insert(&mut transaction, id, category).await? {
            return Err(ApiError::conflict("slug-taken", "another category has this slug"));
        }
        let added = read_back(&mut transaction, id).await?;
        let invalidation = self.caches.categories_changed();
        transaction.commit().await?;
        invalidation.await;
        Ok(added)
    }

    /// Renames a category or moves it, with all below it.
    pub(crate) async fn change_category(
        &self,
        id: Uuid,
        change: &CategoryChange,
    ) -> ApiResult<Category> {
        let mut transaction = self.database.begin().await?;
        let shape = categories::lock_shape(&mut transaction).await?;
        if !shape.contains(id) {
            return Err(ApiError::not_found());
        }
        if let Place::Below(parent) = change.place {
            shape.may_move(id, parent).map_err(refusal)?;
        }
        categories::update(&mut transaction, id, change).await?;
        let changed = read_back(&mut transaction, id).await?;
        let invalidation = self.caches.categories_changed();
        transaction.commit().await?;
        invalidation.await;
        Ok(changed)
    }
}

/// What was written, as this transaction sees it: others may be loading the tree as it was before.
async fn read_back(connection: &mut PgConnection, id: Uuid) -> ApiResult<Category> {
    find(&tree(categories::fetch_all(connection).await?), id)
}

fn find(roots: &[Category], id: Uuid) -> ApiResult<Category> {
    roots.iter().find_map(|root| root.find(id)).cloned().ok_or_else(ApiError::not_found)
}

fn refusal(error: MoveError) -> ApiError {
    match error {
        MoveError::TooMany => ApiError::conflict("too-many-categories", error.to_string()),
        MoveError::UnknownParent | MoveError::Loop | MoveError::TooDeep => {
            ApiError::invalid_field("/parent_id", error.to_string())
        }
    }
}
