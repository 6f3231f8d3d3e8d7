//! Money: a whole number of minor units and its currency. Never a float.
//!
//! Events and tables carry `{"amount_minor": 1250, "currency": "EUR"}`; the HTTP interfaces show the decimal text `"12.50"`
//! beside the currency, made and read by [`Money::to_decimal`] and [`Money::parse`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// Minor units in one major unit. All currencies we sell in have cents.
const MINOR_PER_MAJOR: i64 = 100;

/// Why a text is not an amount or two amounts do not add up. The text itself is not in here: it may be the number of a card in the
/// wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not `digits.two digits`.
    #[error("not an amount such as 12.50")]
    Amount,
    /// Not a currency we sell in.
    #[error("the currency is not one of EUR, USD, GBP")]
    Currency,
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be added")]
    Mixed(Currency, Currency),
    /// Larger than any sum we handle.
    #[error("the amount is too large")]
    Overflow,
}

/// A currency we sell in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Euro.
    Eur,
    /// US dollar.
    Usd,
    /// Pound sterling.
    Gbp,
}

impl Currency {
    /// ISO 4217 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Eur => "EUR",
            Self::Usd => "USD",
            Self::Gbp => "GBP",
        }
    }

    /// Reads an ISO 4217 code.
    pub fn parse(code: &str) -> Result<Self, MoneyError> {
        match code {
            "EUR" => Ok(Self::Eur),
            "USD" => Ok(Self::Usd),
            "GBP" => Ok(Self::Gbp),
            _ => Err(MoneyError::Currency),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Money {
    amount_minor: i64,
    currency: Currency,
}

impl Money {
    /// An amount of minor units, cents for all our currencies.
    #[must_use]
    pub const fn from_minor(amount_minor: i64, currency: Currency) -> Self {
        Self { amount_minor, currency }
    }

    /// Reads a non-negative decimal text with exactly two digits after the point.
    pub fn parse(amount: &str, currency: &str) -> Result<Self, MoneyError> {
        let currency = Currency::parse(currency)?;
        let (major, minor) = amount.split_once('.').ok_or(MoneyError::Amount)?;
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(major) || !digits(minor) || minor.len() != 2 {
            return Err(MoneyError::Amount);
        }
        let parse = |text: &str| text.parse::<i64>().ok();
        let amount_minor = parse(major)
            .and_then(|major| major.checked_mul(MINOR_PER_MAJOR))
            .zip(parse(minor))
            .and_then(|(major, minor)| major.checked_add(minor))
            .ok_or(MoneyError::Overflow)?;
        Ok(Self { amount_minor, currency })
    }

    /// The amount in minor units.
    #[must_use]
    pub const fn amount_minor(self) -> i64 {
        self.amount_minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The amount as decimal text, for example `12.50`.
    #[must_use]
    pub fn to_decimal(self) -> String {
        let sign = if self.amount_minor < 0 { "-" } else { "" };
        let minor = self.amount_minor.unsigned_abs();
        let per_major = MINOR_PER_MAJOR.unsigned_abs();
        format!("{sign}{}.{:02}", minor / per_major, minor % per_major)
    }

    /// The sum, if both are of one currency.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Mixed(self.currency, other.currency));
        }
        let sum = self.amount_minor.checked_add(other.amount_minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount_minor: sum, ..self })
    }

    /// The price of several.
    pub fn checked_mul(self, quantity: u32) -> Result<Self, MoneyError> {
        let product =
            self.amount_minor.checked_mul(i64::from(quantity)).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount_minor: product, ..self })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_have_exactly_two_decimals() {
        for text in
            ["", "1", "1.", ".50", "1.5", "1.505", "-1.00", "+1.00", "1,00", " 1.00", "1e2.00"]
        {
            assert_eq!(Money::parse(text, "EUR"), Err(MoneyError::Amount), "{text}");
        }
    }

    #[test]
    fn amounts_beyond_the_range_are_refused() {
        assert_eq!(Money::parse("92233720368547758.08", "EUR"), Err(MoneyError::Overflow));
        assert_eq!(Money::parse("99999999999999999999.00", "EUR"), Err(MoneyError::Overflow));
    }

    #[test]
    fn currencies_do_not_mix() {
        let euro = Money::from_minor(1, Currency::Eur);
        let dollar = Money::from_minor(1, Currency::Usd);
        assert_eq!(euro.checked_add(dollar), Err(MoneyError::Mixed(Currency::Eur, Currency::Usd)));
    }

    proptest! {
        #[test]
        fn decimal_text_reads_back_as_the_same_amount(minor in 0..i64::MAX) {
            let money = Money::from_minor(minor, Currency::Usd);
            prop_assert_eq!(Money::parse(&money.to_decimal(), "USD"), Ok(money));
        }

        #[test]
        fn a_line_is_the_sum_of_its_pieces(minor in 0..1_000_000_i64, quantity in 0..50_u32) {
            let price = Money::from_minor(minor, Currency::Gbp);
            let sum = (0..quantity).try_fold(Money::from_minor(0, Currency::Gbp), |sum, _| sum.checked_add(price));
            prop_assert_eq!(price.checked_mul(quantity), sum);
        }
    }
}
