//! Whole numbers as JSON has them: `5`, `5.0` and `5e0` are one number there, and clients may write any of them.

use std::str::FromStr;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, Unexpected},
};
use serde_json::Number;

struct Whole<T>(T);

impl<'de, T: FromStr> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Number::deserialize(deserializer)?.to_string();
        let digits = text.strip_suffix(".0").unwrap_or(&text);
        let number = digits.parse().ok().map(Self);
        number.ok_or_else(|| {
            D::Error::invalid_value(Unexpected::Other("a number"), &"a whole number, not too large")
        })
    }
}

/// Reads a whole number.
pub(crate) fn number<'de, D: Deserializer<'de>, T: FromStr>(
    deserializer: D,
) -> Result<T, D::Error> {
    Whole::deserialize(deserializer).map(|Whole(number)| number)
}

/// Reads a whole number or null.
pub(crate) fn optional<'de, D: Deserializer<'de>, T: FromStr>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let number = Option::<Whole<T>>::deserialize(deserializer)?;
    Ok(number.map(|Whole(number)| number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<i16> {
        number(&mut serde_json::Deserializer::from_str(json)).ok()
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        for (json, expected) in [("5", 5), ("5.0", 5), ("5e0", 5), ("-7.0", -7), ("-0.0", 0)] {
            assert_eq!(read(json), Some(expected), "{json}");
        }
    }

    #[test]
    fn what_is_not_whole_or_too_large_is_refused() {
        for json in ["5.5", "32768", "32768.0", "1e300", "\"5\"", "null", "true"] {
            assert_eq!(read(json), None, "{json}");
        }
    }
}
