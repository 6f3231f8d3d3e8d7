//! Products: as customers see them, and as administrators add them.

use ecotrack_chassis::error::Violation;
use ecotrack_events::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Image, Images, Score, Sustainability, check};

/// Largest stock we take in at once.
pub(super) const MAX_STOCK: i32 = 1_000_000;
/// Highest price, in minor units: with it, the largest order still is far from the end of a number.
const MAX_PRICE: i64 = 100_000_000;

/// A product as customers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Product {
    #[serde(rename = "product_id")]
    pub(crate) id: Uuid,
    #[schema(example = "Reusable cup")]
    pub(crate) name: String,
    pub(crate) description: String,
    /// Decimal text, for example `12.50`.
    #[schema(example = "12.50")]
    pub(crate) price: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    pub(crate) category_id: Uuid,
    /// 0 to 100; more is better.
    #[schema(minimum = 0, maximum = 100)]
    pub(crate) sustainability_score: i16,
    /// What the score was made of, where that is known.
    pub(crate) sustainability: Option<Sustainability>,
    /// Pieces that can be ordered now. In a list it may be up to five minutes old.
    pub(crate) available: i32,
    /// The first one first.
    pub(crate) images: Vec<Image>,
    /// Grows with each change an administrator makes; the entity tag holds the same number.
    pub(crate) version: i64,
}

/// A product as it is suggested: without what changes by the minute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Suggestion {
    #[serde(rename = "product_id")]
    pub(crate) id: Uuid,
    #[schema(example = "Reusable cup")]
    pub(crate) name: String,
    /// Decimal text, for example `12.50`.
    #[schema(example = "12.50")]
    pub(crate) price: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    pub(crate) category_id: Uuid,
    /// 0 to 100; more is better.
    #[schema(minimum = 0, maximum = 100)]
    pub(crate) sustainability_score: i16,
    /// The first of its pictures.
    pub(crate) image: Option<Image>,
}

/// What an administrator says of a new product.
pub(crate) struct ProductDraft {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) price: String,
    pub(crate) currency: String,
    pub(crate) category_id: Uuid,
    pub(crate) sustainability_score: Option<i16>,
    pub(crate) sustainability: Option<Sustainability>,
    pub(crate) stock: i32,
    pub(crate) images: Vec<Image>,
}

/// A valid new product.
#[derive(Debug)]
pub(crate) struct NewProduct {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) price: Money,
    pub(crate) category_id: Uuid,
    pub(crate) score: Score,
    pub(crate) stock: i32,
    pub(crate) images: Images,
}

impl NewProduct {
    /// Names everything that is wrong, not only the first.
    pub(crate) fn parse(draft: ProductDraft) -> Result<Self, Vec<Violation>> {
        let mut violations = check::violations([
            ("/name", check::name(&draft.name)),
            ("/description", check::description(&draft.description)),
            ("/stock", check::range(draft.stock, 0, MAX_STOCK)),
        ]);
        let price = keep(&mut violations, price(&draft.price, &draft.currency));
        let score = Score::parse(draft.sustainability_score, draft.sustainability);
        let score = keep(&mut violations, score);
        let images = keep(&mut violations, Images::parse(draft.images));
        match (price, score, images) {
            (Some(price), Some(score), Some(images)) if violations.is_empty() => Ok(Self {
                name: draft.name.trim().to_owned(),
                description: draft.description,
                price,
                category_id: draft.category_id,
                score,
                stock: draft.stock,
                images,
            }),
            _ => Err(violations),
        }
    }
}

/// A price that products may have.
pub(super) fn price(price: &str, currency: &str) -> Result<Money, Vec<Violation>> {
    let wrong = |detail| vec![Violation::new("/price", detail)];
    match Money::parse(price, currency) {
        Ok(money) if money.amount_minor() <= MAX_PRICE => Ok(money),
        Ok(_) => Err(wrong("at most 1000000.00".to_owned())),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// The value, or its violations on top of the others.
pub(super) fn keep<T>(
    violations: &mut Vec<Violation>,
    parsed: Result<T, Vec<Violation>>,
) -> Option<T> {
    parsed.map_err(|wrong| violations.extend(wrong)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_with_a_product_is_named() {
        let image = Image { image_url: "http://10.0.0.1/x".to_owned(), alt_text: String::new() };
        let draft = ProductDraft {
            name: "  ".to_owned(),
            description: "x".repeat(5001),
            price: "1.5".to_owned(),
            currency: "EUR".to_owned(),
            category_id: Uuid::now_v7(),
            sustainability_score: Some(101),
            sustainability: None,
            stock: -1,
            images: vec![image],
        };
        assert_eq!(NewProduct::parse(draft).unwrap_err().len(), 7);
    }

    #[test]
    fn prices_have_an_end() {
        assert!(price("1000000.00", "EUR").is_ok());
        assert!(price("0.00", "EUR").is_ok());
        for bad in ["1000000.01", "-1.00", "1", "1e3", "NaN", "99999999999999999999.00"] {
            assert!(price(bad, "EUR").is_err(), "{bad}");
        }
        // ISO 4217 has XXX for no currency at all: a code of the right form that nobody pays in.
        assert!(price("1.00", "XXX").is_err());
    }
}
