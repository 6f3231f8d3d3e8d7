//! What administrators send about products: as it is read, and as it is described.

use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::choices::{Choice, Choosing, Described};
use crate::domain::{ChangeDraft, Image, ProductDraft, Sustainability, whole};

/// A new product has a score, alone or by its parts.
const SCORE: Choice = &[&["sustainability_score"], &["sustainability"]];
/// A change may leave the score as it is.
const NEW_SCORE: Choice = &[&[], &["sustainability_score"], &["sustainability"]];
/// A price means nothing without its currency.
const NEW_PRICE: Choice = &[&[], &["price", "currency"]];

/// A new product. Its score is given alone or by its parts.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddProduct {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^(?!\s*$)[^\x00-\x1f\x7f-\x9f]*$",
        example = "Reusable cup"
    )]
    name: String,
    #[serde(default)]
    #[schema(max_length = 5000, pattern = r"^[^\x00]*$", example = "Holds tea.")]
    description: String,
    /// Decimal text, at most `1000000.00`.
    #[schema(pattern = r"^[0-9]{1,6}\.[0-9]{2}$", example = "12.50")]
    price: String,
    /// EUR, USD or GBP.
    #[schema(pattern = "^(EUR|USD|GBP)$", example = "EUR")]
    currency: String,
    #[schema(example = "01900000-0000-7000-8000-0000000000c2")]
    category_id: Uuid,
    #[serde(default, deserialize_with = "whole::optional")]
    #[schema(value_type = i16, minimum = 0, maximum = 100, example = 70)]
    sustainability_score: Option<i16>,
    #[schema(value_type = Sustainability)]
    sustainability: Option<Sustainability>,
    /// Pieces there are.
    #[serde(deserialize_with = "whole::number")]
    #[schema(minimum = 0, maximum = 1_000_000, example = 5)]
    stock: i32,
    /// The first one first.
    #[serde(default)]
    #[schema(max_items = 10)]
    images: Vec<Image>,
}

/// What is to be different; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeProduct {
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^(?!\s*$)[^\x00-\x1f\x7f-\x9f]*$",
        example = "Reusable cup"
    )]
    name: Option<String>,
    #[schema(max_length = 5000, pattern = r"^[^\x00]*$", example = "Holds coffee.")]
    description: Option<String>,
    /// Decimal text, at most `1000000.00`; together with its currency.
    #[schema(value_type = String, pattern = r"^[0-9]{1,6}\.[0-9]{2}$", example = "13.50")]
    price: Option<String>,
    /// EUR, USD or GBP; together with the price.
    #[schema(value_type = String, pattern = "^(EUR|USD|GBP)$", example = "EUR")]
    currency: Option<String>,
    #[schema(example = "01900000-0000-7000-8000-0000000000c2")]
    category_id: Option<Uuid>,
    #[serde(default, deserialize_with = "whole::optional")]
    #[schema(value_type = i16, minimum = 0, maximum = 100, example = 75)]
    sustainability_score: Option<i16>,
    #[schema(value_type = Sustainability)]
    sustainability: Option<Sustainability>,
    /// Pieces that came or, negative, went; not the stock itself, as orders take from it at the same time.
    #[serde(default, deserialize_with = "whole::optional")]
    #[schema(minimum = -1_000_000, maximum = 1_000_000, example = 10)]
    stock_change: Option<i32>,
    /// In place of all there were.
    #[schema(max_items = 10)]
    images: Option<Vec<Image>>,
}

/// Describes [`AddProduct`].
pub(super) type AddProductDescribed = Described<AddProduct>;
/// Describes [`ChangeProduct`].
pub(super) type ChangeProductDescribed = Described<ChangeProduct>;

impl Choosing for AddProduct {
    const CHOICES: &[Choice] = &[SCORE];
}

impl Choosing for ChangeProduct {
    const CHOICES: &[Choice] = &[NEW_SCORE, NEW_PRICE];
}

impl From<AddProduct> for ProductDraft {
    fn from(request: AddProduct) -> Self {
        Self {
            name: request.name,
            description: request.description,
            price: request.price,
            currency: request.currency,
            category_id: request.category_id,
            sustainability_score: request.sustainability_score,
            sustainability: request.sustainability,
            stock: request.stock,
            images: request.images,
        }
    }
}

impl From<ChangeProduct> for ChangeDraft {
    fn from(request: ChangeProduct) -> Self {
        Self {
            name: request.name,
            description: request.description,
            price: request.price,
            currency: request.currency,
            category_id: request.category_id,
            sustainability_score: request.sustainability_score,
            sustainability: request.sustainability,
            stock_change: request.stock_change,
            images: request.images,
        }
    }
}
