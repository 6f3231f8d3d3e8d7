//! How each provider reads a request and words its answers: pure, shaped after the public interfaces of the originals.

pub mod pagerduty;
pub mod paypal;
pub mod sendgrid;
pub mod slack;
pub mod stripe;
pub mod twilio;

use uuid::Uuid;

/// The token of a card or wallet that is always declined.
pub const DECLINED_TOKEN: &str = "tok_declined";

/// Minor units in one major unit. All currencies that are played have cents.
const MINOR_PER_MAJOR: i64 = 100;

/// Decimal text with two digits after the point, as minor units; `None` unless it is a positive amount.
fn minor_units(decimal: &str) -> Option<i64> {
    let (major, minor) = decimal.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(major) || !digits(minor) || minor.len() != 2 {
        return None;
    }
    let major = major.parse::<i64>().ok()?.checked_mul(MINOR_PER_MAJOR)?;
    major.checked_add(minor.parse().ok()?).filter(|amount| *amount > 0)
}

/// Minor units as decimal text.
fn decimal(minor: i64) -> String {
    format!("{}.{:02}", minor / MINOR_PER_MAJOR, minor % MINOR_PER_MAJOR)
}

/// A new id in the provider's style.
fn new_id(prefix: &str) -> String {
    format!("{prefix}{}", Uuid::now_v7().simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_they_are_written() {
        for minor in [1, 99, 100, 1999, 123_456_789] {
            assert_eq!(minor_units(&decimal(minor)), Some(minor));
        }
        for bad in ["", "1", "1.0", "-1.00", "0.00", "1.000", "x.00", "99999999999999999999.00"] {
            assert_eq!(minor_units(bad), None, "{bad}");
        }
    }
}
