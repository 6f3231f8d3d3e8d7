//! Reservations: what an order wants, and whether the stock allows it.

use std::collections::HashMap;

use ecotrack_chassis::error::Violation;
use ecotrack_events::Money;
use uuid::Uuid;

/// Lines of one order at most.
const MAX_LINES: usize = 100;
/// Pieces of one product in one order at most.
const MAX_QUANTITY: i32 = 1000;

/// Some of one product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) product_id: Uuid,
    pub(crate) quantity: i32,
}

/// What an order wants: at least one line, no product twice.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) order_id: Uuid,
    lines: Vec<Line>,
}

impl Wish {
    pub(crate) fn parse(order_id: Uuid, lines: Vec<Line>) -> Result<Self, Vec<Violation>> {
        let mut violations = Vec::new();
        if !(1..=MAX_LINES).contains(&lines.len()) {
            violations.push(Violation::new("/items", format!("1 to {MAX_LINES} lines")));
        }
        for (index, line) in lines.iter().enumerate() {
            if !(1..=MAX_QUANTITY).contains(&line.quantity) {
                violations.push(Violation::new(
                    format!("/items/{index}/quantity"),
                    format!("1 to {MAX_QUANTITY}"),
                ));
            }
            if lines.iter().take(index).any(|earlier| earlier.product_id == line.product_id) {
                violations.push(Violation::new(
                    format!("/items/{index}/product_id"),
                    "the product appears twice",
                ));
            }
        }
        if violations.is_empty() { Ok(Self { order_id, lines }) } else { Err(violations) }
    }

    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }
}

/// What the stock has of a product, and at what price.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    pub(crate) stock: i32,
    pub(crate) price: Money,
}

/// A line that is held, at the price it was held at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) line: Line,
    pub(crate) unit_price: Money,
}

/// Why nothing is held.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// A product that is not in the catalogue.
    #[error("product {0} does not exist")]
    Unknown(Uuid),
    /// Less than wanted is left.
    #[error("product {0} is sold out")]
    SoldOut(Uuid),
}

/// Grants all lines or none.
pub(crate) fn grant(wish: &Wish, offers: &HashMap<Uuid, Offer>) -> Result<Vec<Granted>, Refusal> {
    let one = |line: &Line| {
        let offer = offers.get(&line.product_id).ok_or(Refusal::Unknown(line.product_id))?;
        if offer.stock < line.quantity {
            return Err(Refusal::SoldOut(line.product_id));
        }
        Ok(Granted { line: *line, unit_price: offer.price })
    };
    wish.lines.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use ecotrack_events::Currency;
    use proptest::prelude::*;

    use super::*;

    fn offer(stock: i32) -> Offer {
        Offer { stock, price: Money::from_minor(100, Currency::Eur) }
    }

    fn wish(lines: &[(Uuid, i32)]) -> Result<Wish, Vec<Violation>> {
        let line = |(product_id, quantity): &(Uuid, i32)| Line {
            product_id: *product_id,
            quantity: *quantity,
        };
        Wish::parse(Uuid::now_v7(), lines.iter().map(line).collect())
    }

    #[test]
    fn a_wish_has_lines_with_sensible_quantities_and_no_product_twice() {
        let product = Uuid::now_v7();
        for lines in [
            &[][..],
            &[(product, 0)],
            &[(product, -1)],
            &[(product, i32::MAX)],
            &[(product, 1), (product, 1)],
        ] {
            assert!(wish(lines).is_err(), "{lines:?}");
        }
    }

    #[test]
    fn an_unknown_product_is_not_sold_out() {
        let product = Uuid::now_v7();
        let refusal = grant(&wish(&[(product, 1)]).unwrap(), &HashMap::new()).unwrap_err();
        assert_eq!(refusal, Refusal::Unknown(product));
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Reserve(i32),
        Release(usize),
        Sell(usize),
        Supply(i32),
    }

    fn steps() -> impl Strategy<Value = Step> {
        prop_oneof![
            (1..20_i32).prop_map(Step::Reserve),
            any::<usize>().prop_map(Step::Release),
            any::<usize>().prop_map(Step::Sell),
            (0..20_i32).prop_map(Step::Supply),
        ]
    }

    proptest! {
        #[test]
        fn what_was_supplied_is_in_stock_or_held_or_sold(steps in prop::collection::vec(steps(), 0..80)) {
            let product = Uuid::now_v7();
            let (mut supplied, mut stock, mut sold, mut held) = (0, 0, 0, Vec::new());
            for step in steps {
                match step {
                    Step::Supply(more) => (supplied, stock) = (supplied + more, stock + more),
                    Step::Reserve(quantity) => {
                        let offers = HashMap::from([(product, offer(stock))]);
                        if let Ok(granted) = grant(&wish(&[(product, quantity)]).unwrap(), &offers) {
                            stock -= granted[0].line.quantity;
                            held.push(granted[0].line.quantity);
                        }
                    }
                    Step::Release(which) if !held.is_empty() => stock += held.swap_remove(which % held.len()),
                    Step::Sell(which) if !held.is_empty() => sold += held.swap_remove(which % held.len()),
                    Step::Release(_) | Step::Sell(_) => {}
                }
                prop_assert!(stock >= 0);
                prop_assert_eq!(supplied, stock + sold + held.iter().sum::<i32>());
            }
        }

        #[test]
        fn all_lines_are_granted_or_none(pairs in prop::collection::vec((1..50_i32, 0..50_i32), 1..20)) {
            let wanted: Vec<_> = pairs.iter().map(|(quantity, _)| (Uuid::now_v7(), *quantity)).collect();
            let offers = wanted.iter().zip(&pairs).map(|((id, _), (_, stock))| (*id, offer(*stock))).collect();
            let enough = pairs.iter().all(|(quantity, stock)| quantity <= stock);
            let granted = grant(&wish(&wanted).unwrap(), &offers);
            prop_assert_eq!(granted.is_ok(), enough);
            if let Ok(granted) = granted {
                prop_assert_eq!(granted.len(), wanted.len());
            }
        }
    }
}
