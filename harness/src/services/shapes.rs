//! What `EcoTrack` answers with, as far as its customers look at it.

use std::fmt;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Answer;

/// An amount in minor units and its currency; on the wire it is decimal text beside the currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Money {
    minor: i64,
    currency: String,
}

impl Money {
    /// Reads decimal text with exactly two digits after the point.
    pub fn parse(amount: &str, currency: &str) -> Result<Self> {
        let (major, minor) = amount
            .split_once('.')
            .filter(|(_, minor)| minor.len() == 2)
            .with_context(|| format!("{amount:?} is no amount such as 12.50"))?;
        let minor = format!("{major}{minor}")
            .parse()
            .with_context(|| format!("{amount:?} is no amount such as 12.50"))?;
        Ok(Self { minor, currency: currency.to_owned() })
    }

    /// The price of several.
    #[must_use]
    pub fn times(&self, quantity: u32) -> Self {
        Self { minor: self.minor * i64::from(quantity), currency: self.currency.clone() }
    }

    /// The amount in whole units of the currency.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "sums of a scenario are far below 2^52 cents")]
    pub fn in_major(&self) -> f64 {
        self.minor as f64 / 100.0
    }

    /// The amount in minor units, as providers count it.
    #[must_use]
    pub const fn minor(&self) -> i64 {
        self.minor
    }

    /// The amount as on the wire.
    #[must_use]
    pub fn amount(&self) -> String {
        format!("{}.{:02}", self.minor / 100, self.minor % 100)
    }

    /// ISO 4217 code.
    #[must_use]
    pub fn currency(&self) -> &str {
        &self.currency
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.amount(), self.currency)
    }
}

/// Something that can be ordered.
#[derive(Debug, Clone)]
pub struct Product {
    /// Its id.
    pub id: String,
    /// Price of one.
    pub price: Money,
    /// How many are left.
    pub available: u64,
}

impl Product {
    /// Reads one product.
    pub fn read(json: &Value) -> Result<Self> {
        let price = Money::parse(text(json, "price")?, text(json, "currency")?)?;
        let available = json["available"]
            .as_u64()
            .with_context(|| format!("no number of available pieces in {json}"))?;
        Ok(Self { id: text(json, "product_id")?.to_owned(), price, available })
    }

    /// Reads a page of the catalogue.
    pub fn list(answer: &Answer) -> Result<Vec<Self>> {
        answer.json()["items"]
            .as_array()
            .with_context(|| format!("no items in {answer}"))?
            .iter()
            .map(Self::read)
            .collect()
    }
}

/// An order that was placed.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its id.
    pub id: String,
    /// What it costs.
    pub total: Money,
}

impl Order {
    /// Reads the answer to a placed order.
    pub fn read(answer: &Answer) -> Result<Self> {
        let json = answer.json();
        Ok(Self {
            id: text(&json, "order_id")?.to_owned(),
            total: Money::parse(text(&json, "total_amount")?, text(&json, "currency")?)?,
        })
    }
}

fn text<'a>(json: &'a Value, field: &str) -> Result<&'a str> {
    json[field].as_str().with_context(|| format!("expected text in {field:?}, but saw {json}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_counted_in_cents() {
        let price = Money::parse("19.99", "USD").unwrap();
        assert_eq!(price.times(3).to_string(), "59.97 USD");
        assert_eq!(price.times(3), Money::parse("59.97", "USD").unwrap());
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "19", "19.9", "19.999", "ten.00"] {
            assert!(Money::parse(text, "USD").is_err(), "{text}");
        }
    }

    #[test]
    fn an_order_without_a_total_is_refused() {
        let answer = Answer { text: r#"{"order_id":"o-1"}"#.to_owned(), ..Answer::default() };
        assert!(Order::read(&answer).unwrap_err().to_string().contains("total_amount"));
    }
}
