//! Products and the tree of their categories.

use std::collections::HashMap;

use ecotrack_chassis::error::Violation;
use ecotrack_events::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// Longest name, in characters.
const MAX_NAME: usize = 200;
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 5000;
/// The best sustainability score.
const MAX_SCORE: i16 = 100;
/// Largest stock we take in at once.
const MAX_STOCK: i32 = 1_000_000;

/// A product as customers see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Product {
    #[serde(rename = "product_id")]
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) description: String,
    /// Decimal text, for example `12.50`.
    pub(crate) price: String,
    /// ISO 4217.
    pub(crate) currency: String,
    pub(crate) category_id: Uuid,
    /// 0 to 100; more is better.
    pub(crate) sustainability_score: i16,
    /// Pieces that can be ordered now.
    pub(crate) available: i32,
    pub(crate) images: Vec<Image>,
}

/// A picture of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Image {
    pub(crate) image_url: String,
    /// What it shows, for those who do not see it.
    pub(crate) alt_text: String,
}

/// What an administrator says of a new product.
pub(crate) struct ProductDraft<'a> {
    pub(crate) name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) price: &'a str,
    pub(crate) currency: &'a str,
    pub(crate) category_id: Uuid,
    pub(crate) sustainability_score: i16,
    pub(crate) stock: i32,
}

/// A valid new product.
#[derive(Debug)]
pub(crate) struct NewProduct {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) price: Money,
    pub(crate) category_id: Uuid,
    pub(crate) sustainability_score: i16,
    pub(crate) stock: i32,
}

impl NewProduct {
    /// Names everything that is wrong, not only the first.
    pub(crate) fn parse(draft: &ProductDraft<'_>) -> Result<Self, Vec<Violation>> {
        let price = Money::parse(draft.price, draft.currency);
        let name = draft.name.trim();
        let violations: Vec<_> = [
            ("/name", text(name, 1, MAX_NAME)),
            ("/description", text(draft.description, 0, MAX_DESCRIPTION)),
            ("/price", price.as_ref().err().map(ToString::to_string)),
            ("/sustainability_score", range(draft.sustainability_score.into(), MAX_SCORE.into())),
            ("/stock", range(draft.stock, MAX_STOCK)),
        ]
        .into_iter()
        .filter_map(|(pointer, detail)| Some(Violation::new(pointer, detail?)))
        .collect();
        match price {
            Ok(price) if violations.is_empty() => Ok(Self {
                name: name.to_owned(),
                description: draft.description.to_owned(),
                price,
                category_id: draft.category_id,
                sustainability_score: draft.sustainability_score,
                stock: draft.stock,
            }),
            _ => Err(violations),
        }
    }
}

fn text(text: &str, least: usize, most: usize) -> Option<String> {
    let length = text.chars().count();
    (!(least..=most).contains(&length)).then(|| format!("{least} to {most} characters"))
}

fn range(value: i32, most: i32) -> Option<String> {
    (!(0..=most).contains(&value)).then(|| format!("0 to {most}"))
}

/// A category and those below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Category {
    #[serde(rename = "category_id")]
    pub(crate) id: Uuid,
    /// What the `category` filter takes.
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) description: String,
    #[schema(no_recursion)]
    pub(crate) children: Vec<Category>,
}

/// Arranges categories, each with its parent, as a tree. Their order stays.
pub(crate) fn tree(rows: Vec<(Option<Uuid>, Category)>) -> Vec<Category> {
    let mut by_parent: HashMap<Option<Uuid>, Vec<Category>> = HashMap::new();
    for (parent, category) in rows {
        by_parent.entry(parent).or_default().push(category);
    }
    children(None, &mut by_parent)
}

fn children(
    parent: Option<Uuid>,
    by_parent: &mut HashMap<Option<Uuid>, Vec<Category>>,
) -> Vec<Category> {
    // Taking the rows out ends the recursion even where the table held a circle.
    let found = by_parent.remove(&parent).unwrap_or_default();
    let with_children = |mut category: Category| {
        category.children = children(Some(category.id), by_parent);
        category
    };
    found.into_iter().map(with_children).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category(slug: &str) -> Category {
        let text = slug.to_owned();
        Category {
            id: Uuid::now_v7(),
            slug: text.clone(),
            name: text,
            description: String::new(),
            children: vec![],
        }
    }

    #[test]
    fn categories_stand_below_their_parent() {
        let (home, kitchen, garden) = (category("home"), category("kitchen"), category("garden"));
        let home_id = home.id;
        let tree = tree(vec![(None, home), (Some(home_id), kitchen.clone()), (None, garden)]);
        assert_eq!(
            tree.iter().map(|category| category.slug.as_str()).collect::<Vec<_>>(),
            ["home", "garden"]
        );
        assert_eq!(tree[0].children, [kitchen]);
    }

    #[test]
    fn everything_wrong_with_a_product_is_named() {
        let draft = ProductDraft {
            name: "  ",
            description: "",
            price: "1.5",
            currency: "EUR",
            category_id: Uuid::now_v7(),
            sustainability_score: 101,
            stock: -1,
        };
        assert_eq!(NewProduct::parse(&draft).unwrap_err().len(), 4);
    }
}
