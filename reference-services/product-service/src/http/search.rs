//! `GET /api/products`

use axum::extract::State;
use ecotrack_chassis::{
    ApiResult,
    error::Problem,
    extract::Query,
    page::{Page, PageQuery},
};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    catalogue::Catalogue,
    domain::{self, Product, SearchDraft, Sort},
};

/// What somebody looks for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// Words that name or description have, in any form; `"in quotes"` side by side, `-without`, `this or that`.
    #[param(nullable = false, max_length = 100, example = "soap")]
    query: Option<String>,
    /// Slug of a category; those below it count.
    #[param(nullable = false, min_length = 1, max_length = 60, example = "home")]
    category: Option<String>,
    /// The least price, decimal text.
    #[param(nullable = false, pattern = r"^[0-9]{1,7}\.[0-9]{2}$", example = "1.00")]
    min_price: Option<String>,
    /// The highest price, decimal text, not below the least.
    #[param(nullable = false, pattern = r"^[0-9]{1,7}\.[0-9]{2}$", example = "99.99")]
    max_price: Option<String>,
    /// Only products priced in it. Prices compare within one currency: where they do, it is EUR unless said.
    #[param(nullable = false, pattern = "^(EUR|USD|GBP)$", example = "EUR")]
    currency: Option<String>,
    /// The least score, 0 to 100.
    #[param(nullable = false, minimum = 0, maximum = 100, example = 50)]
    min_sustainability: Option<i16>,
    /// Only what can be ordered now.
    #[param(nullable = false)]
    in_stock: Option<bool>,
    /// In which order; `oldest` unless said, `relevance` only with a query.
    #[param(nullable = false, inline, value_type = Option<Sort>)]
    sort: Option<String>,
    /// Products on a page at most, else 20.
    #[param(nullable = false, minimum = 1, maximum = 100)]
    limit: Option<i64>,
    /// Where the page before ended: its `next_cursor`, with the same `sort`.
    #[param(nullable = false, max_length = 512)]
    cursor: Option<String>,
}

/// Searches the catalogue. Pages follow each other without gap and without repetition, whatever is added meanwhile.
#[utoipa::path(get, path = "/api/products", operation_id = "search_products", tag = "catalogue", params(Search), responses(
    (status = 200, body = Page<Product>, description = "A page; how much is left may be five minutes old"),
    (status = 422, body = Problem, content_type = "application/problem+json", description = "Values that are not valid"),
))]
pub(super) async fn search(
    State(catalogue): State<Catalogue>,
    Query(search): Query<Search>,
) -> ApiResult<axum::Json<Page<Product>>> {
    let page = PageQuery::parse(search.limit, search.cursor.as_deref())?;
    let search = domain::Search::parse(search.into(), page)?;
    catalogue.search(&search).await.map(axum::Json)
}

impl From<Search> for SearchDraft {
    fn from(search: Search) -> Self {
        Self {
            query: search.query,
            category: search.category,
            min_price: search.min_price,
            max_price: search.max_price,
            currency: search.currency,
            min_sustainability: search.min_sustainability,
            in_stock: search.in_stock,
            sort: search.sort,
        }
    }
}
