//! What a customer asks for: products and quantities, never prices.

use std::collections::BTreeMap;

use uuid::Uuid;

/// Most different products in one order.
pub const MOST_LINES: usize = 50;
/// Most pieces of one product in one order.
pub const MOST_PIECES: u32 = 1000;

/// Products and how many of each. Never empty, each product once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cart {
    quantities: BTreeMap<Uuid, u32>,
}

/// Why lines are not a cart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CartError {
    /// Nothing was asked for.
    #[error("an order has at least one line")]
    Empty,
    /// Too much was asked for.
    #[error("an order has at most {MOST_LINES} lines")]
    TooManyLines,
    /// A quantity that nobody can deliver.
    #[error("the quantity must be 1 to {MOST_PIECES}")]
    Quantity {
        /// Position of the line.
        line: usize,
    },
    /// A product that is already in the cart.
    #[error("the product is already on another line")]
    Duplicate {
        /// Position of the second line.
        line: usize,
    },
}

impl CartError {
    /// Where in the request the trouble is, as a JSON pointer.
    #[must_use]
    pub fn pointer(&self) -> String {
        match self {
            Self::Empty | Self::TooManyLines => "/items".to_owned(),
            Self::Quantity { line } => format!("/items/{line}/quantity"),
            Self::Duplicate { line } => format!("/items/{line}/product_id"),
        }
    }
}

impl Cart {
    /// Reads the lines of a request.
    pub fn parse(lines: impl ExactSizeIterator<Item = (Uuid, i64)>) -> Result<Self, CartError> {
        match lines.len() {
            0 => return Err(CartError::Empty),
            n if n > MOST_LINES => return Err(CartError::TooManyLines),
            _ => {}
        }
        let mut quantities = BTreeMap::new();
        for (line, (product, quantity)) in lines.enumerate() {
            let quantity = u32::try_from(quantity)
                .ok()
                .filter(|quantity| (1..=MOST_PIECES).contains(quantity))
                .ok_or(CartError::Quantity { line })?;
            if quantities.insert(product, quantity).is_some() {
                return Err(CartError::Duplicate { line });
            }
        }
        Ok(Self { quantities })
    }

    /// Products with their quantities, in the order of their ids.
    #[must_use]
    pub fn lines(&self) -> impl ExactSizeIterator<Item = (Uuid, u32)> {
        self.quantities.iter().map(|(product, quantity)| (*product, *quantity))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(lines: &[(Uuid, i64)]) -> Result<Cart, CartError> {
        Cart::parse(lines.iter().copied())
    }

    #[test]
    fn a_cart_holds_something() {
        assert_eq!(parse(&[]), Err(CartError::Empty));
    }

    #[test]
    fn a_product_is_on_one_line_only() {
        let product = Uuid::now_v7();
        let error = parse(&[(product, 1), (product, 2)]).unwrap_err();
        assert_eq!(
            (error.pointer(), error),
            ("/items/1/product_id".to_owned(), CartError::Duplicate { line: 1 })
        );
    }

    #[test]
    fn a_cart_has_an_end() {
        let lines: Vec<_> = (0..=MOST_LINES).map(|_| (Uuid::now_v7(), 1)).collect();
        assert!(parse(&lines[..MOST_LINES]).is_ok());
        assert_eq!(parse(&lines), Err(CartError::TooManyLines));
    }

    proptest! {
        #[test]
        fn a_quantity_is_one_to_a_thousand(quantity in prop_oneof![any::<i64>(), -3..1003_i64]) {
            let parsed = parse(&[(Uuid::now_v7(), quantity)]);
            prop_assert_eq!(parsed.is_ok(), (1..=i64::from(MOST_PIECES)).contains(&quantity));
        }
    }
}
