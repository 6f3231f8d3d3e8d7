//! An order: its lines at the prices they were sold at, and their sum.

use chrono::{DateTime, TimeDelta, Utc};
use ecotrack_events::money::MoneyError;
use ecotrack_events::{Currency, Money};
use uuid::Uuid;

use super::cart::Cart;
use super::payment_method::PaymentMethod;
use super::status::Status;

/// One product of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// What was ordered.
    pub product_id: Uuid,
    /// How many.
    pub quantity: u32,
    /// Price of one when it was ordered.
    pub unit_price: Money,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Its id, time-ordered.
    pub id: Uuid,
    /// Whose it is.
    pub user_id: Uuid,
    /// Where it stands.
    pub status: Status,
    /// What it costs.
    pub total: Money,
    /// How the customer means to pay.
    pub payment_method: PaymentMethod,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// When its status last changed.
    pub updated_at: DateTime<Utc>,
    /// Until when it can be paid: its stock is held a little longer.
    pub reserved_until: DateTime<Utc>,
    /// The payment that was let in, or else the one that took the money.
    pub payment_id: Option<Uuid>,
}

/// Why a cart cannot be priced.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// The catalogue answered without a price for a product of the cart.
    #[error("product {0} has no price")]
    Unpriced(Uuid),
    /// Prices that do not add up.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Nothing to pay.
    #[error("an order without a price cannot be placed")]
    Free,
}

/// Who orders what, under which id.
#[derive(Debug, Clone)]
pub struct Placement {
    /// The order's id, chosen before anything is reserved under it.
    pub id: Uuid,
    /// Who orders.
    pub user_id: Uuid,
    /// How the customer means to pay.
    pub payment_method: PaymentMethod,
    /// Until when stock is held for it.
    pub held_until: DateTime<Utc>,
}

/// How long before its stock is given away an order can no longer be paid: for the step to be known to the one who holds it.
const PAYMENT_MARGIN: TimeDelta = TimeDelta::seconds(60);

impl Order {
    /// Prices the cart. The price list is the catalogue's, never the client's.
    pub fn place(
        placement: &Placement,
        cart: &Cart,
        price_of: impl Fn(Uuid) -> Option<Money>,
        now: DateTime<Utc>,
    ) -> Result<Self, PricingError> {
        let lines = cart
            .lines()
            .map(|(product_id, quantity)| {
                let unit_price = price_of(product_id).ok_or(PricingError::Unpriced(product_id))?;
                Ok(Line { product_id, quantity, unit_price })
            })
            .collect::<Result<Vec<_>, PricingError>>()?;
        Ok(Self {
            id: placement.id,
            user_id: placement.user_id,
            status: Status::Created,
            total: total(&lines)?,
            payment_method: placement.payment_method,
            lines,
            created_at: now,
            updated_at: now,
            reserved_until: placement.held_until - PAYMENT_MARGIN,
            payment_id: None,
        })
    }

    /// Whether it was not paid in time. An order whose payment is under way waits for its outcome.
    #[must_use]
    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        self.status == Status::Created && self.reserved_until <= now
    }

    /// Whether a payment was let in that is not this one. Who does not say which one it is, is not asked.
    #[must_use]
    pub fn is_paid_otherwise(&self, payment_id: Option<Uuid>) -> bool {
        self.payment_id.zip(payment_id).is_some_and(|(known, asking)| known != asking)
    }

    /// How much work the order is: a label of metrics.
    #[must_use]
    pub fn complexity(&self) -> &'static str {
        if self.lines.len() == 1 { "single" } else { "multiple" }
    }
}

fn total(lines: &[Line]) -> Result<Money, PricingError> {
    let currency = lines.first().map_or(Currency::Eur, |line| line.unit_price.currency());
    let total = lines.iter().try_fold(Money::from_minor(0, currency), |sum, line| {
        sum.checked_add(line.unit_price.checked_mul(line.quantity)?)
    })?;
    if total.amount_minor() > 0 { Ok(total) } else { Err(PricingError::Free) }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An order that stands somewhere.
    pub(crate) fn order(status: Status) -> Order {
        let price = |_| Some(Money::from_minor(500, Currency::Eur));
        let cart = cart(&[(Uuid::now_v7(), 1)]);
        let placed = Order::place(&placement(), &cart, price, Utc::now()).unwrap();
        Order { status, ..placed }
    }

    fn placement() -> Placement {
        Placement {
            id: Uuid::now_v7(),
            user_id: Uuid::now_v7(),
            payment_method: PaymentMethod::None,
            held_until: Utc::now() + TimeDelta::minutes(15),
        }
    }

    #[test]
    fn only_an_order_nobody_pays_runs_out_of_time() {
        for status in Status::ALL {
            let order = order(status);
            let end = order.reserved_until;
            assert_eq!(order.has_expired(end), status == Status::Created, "{status}");
            assert!(!order.has_expired(end - TimeDelta::microseconds(1)), "{status}");
        }
    }

    fn cart(quantities: &[(Uuid, i64)]) -> Cart {
        Cart::parse(quantities.iter().copied()).unwrap()
    }

    #[test]
    fn prices_of_two_currencies_make_no_total() {
        let (euro, dollar) = (Uuid::now_v7(), Uuid::now_v7());
        let price = |product| {
            Some(Money::from_minor(
                100,
                if product == euro { Currency::Eur } else { Currency::Usd },
            ))
        };
        let error = Order::place(&placement(), &cart(&[(euro, 1), (dollar, 1)]), price, Utc::now())
            .unwrap_err();
        assert!(matches!(error, PricingError::Money(MoneyError::Mixed(..))));
    }

    #[test]
    fn a_product_without_a_price_is_not_sold() {
        let product = Uuid::now_v7();
        let placed = Order::place(&placement(), &cart(&[(product, 1)]), |_| None, Utc::now());
        assert_eq!(placed, Err(PricingError::Unpriced(product)));
    }

    #[test]
    fn nothing_is_given_away() {
        let free = |_| Some(Money::from_minor(0, Currency::Usd));
        let placed = Order::place(&placement(), &cart(&[(Uuid::now_v7(), 1)]), free, Utc::now());
        assert_eq!(placed, Err(PricingError::Free));
    }

    #[test]
    fn a_sum_beyond_all_bounds_is_refused() {
        let price = |_| Some(Money::from_minor(i64::MAX, Currency::Usd));
        let placed = Order::place(&placement(), &cart(&[(Uuid::now_v7(), 2)]), price, Utc::now());
        assert_eq!(placed, Err(PricingError::Money(MoneyError::Overflow)));
    }

    proptest! {
        #[test]
        fn the_total_is_the_sum_of_stored_prices(lines in proptest::collection::vec((1..100_000_i64, 1..=1000_i64), 1..20)) {
            let lines: Vec<_> = lines.into_iter().map(|(price, quantity)| (Uuid::now_v7(), price, quantity)).collect();
            let cart = cart(&lines.iter().map(|(id, _, quantity)| (*id, *quantity)).collect::<Vec<_>>());
            let price = |product| {
                lines.iter().find(|line| line.0 == product).map(|line| Money::from_minor(line.1, Currency::Usd))
            };
            let order = Order::place(&placement(), &cart, price, Utc::now()).unwrap();
            let expected: i64 = lines.iter().map(|(_, price, quantity)| price * quantity).sum();
            prop_assert_eq!(order.total, Money::from_minor(expected, Currency::Usd));
        }
    }
}
