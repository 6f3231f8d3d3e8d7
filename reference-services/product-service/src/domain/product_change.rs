//! What an administrator changes about a product.

use ecotrack_chassis::error::Violation;
use ecotrack_events::Money;
use uuid::Uuid;

use super::{
    Image, Images, Score, Sustainability, check,
    product::{MAX_STOCK, keep, price},
};

/// What an administrator says. What is absent stays.
#[derive(Default)]
pub(crate) struct ChangeDraft {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) price: Option<String>,
    pub(crate) currency: Option<String>,
    pub(crate) category_id: Option<Uuid>,
    pub(crate) sustainability_score: Option<i16>,
    pub(crate) sustainability: Option<Sustainability>,
    pub(crate) stock_change: Option<i32>,
    pub(crate) images: Option<Vec<Image>>,
}

/// A valid change.
#[derive(Debug)]
pub(crate) struct ProductChange {
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) price: Option<Money>,
    pub(crate) category_id: Option<Uuid>,
    pub(crate) score: Option<Score>,
    /// Pieces that came or, negative, went. Never the stock itself: orders take from it at the same time.
    pub(crate) stock_change: i32,
    pub(crate) images: Option<Images>,
}

impl ProductChange {
    /// Names everything that is wrong, not only the first.
    pub(crate) fn parse(draft: ChangeDraft) -> Result<Self, Vec<Violation>> {
        let stock_change = draft.stock_change.unwrap_or_default();
        let mut violations = check::violations([
            ("/name", draft.name.as_deref().and_then(check::name)),
            ("/description", draft.description.as_deref().and_then(check::description)),
            ("/stock_change", check::range(stock_change, -MAX_STOCK, MAX_STOCK)),
        ]);
        let price = new_price(draft.price.as_deref(), draft.currency.as_deref()).transpose();
        let price = keep(&mut violations, price).flatten();
        let score = match (draft.sustainability_score, draft.sustainability) {
            (None, None) => None,
            (value, parts) => keep(&mut violations, Score::parse(value, parts)),
        };
        let images = draft.images.and_then(|images| keep(&mut violations, Images::parse(images)));
        if !violations.is_empty() {
            return Err(violations);
        }
        Ok(Self {
            name: draft.name.map(|name| name.trim().to_owned()),
            description: draft.description,
            price,
            category_id: draft.category_id,
            score,
            stock_change,
            images,
        })
    }
}

/// A price means nothing without its currency, nor the other way round.
fn new_price(
    amount: Option<&str>,
    currency: Option<&str>,
) -> Option<Result<Money, Vec<Violation>>> {
    match (amount, currency) {
        (Some(amount), Some(currency)) => Some(price(amount, currency)),
        (None, None) => None,
        _ => Some(Err(vec![Violation::new("/price", "price and currency change together")])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_said_is_nothing_changed() {
        let change = ProductChange::parse(ChangeDraft::default()).unwrap();
        assert!(change.name.is_none() && change.price.is_none() && change.images.is_none());
        assert_eq!(change.stock_change, 0);
    }

    #[test]
    fn everything_wrong_with_a_change_is_named() {
        let draft = ChangeDraft {
            name: Some("a\nb".to_owned()),
            price: Some("1.00".to_owned()),
            sustainability_score: Some(-1),
            stock_change: Some(i32::MIN),
            ..ChangeDraft::default()
        };
        assert_eq!(ProductChange::parse(draft).unwrap_err().len(), 4);
    }
}
