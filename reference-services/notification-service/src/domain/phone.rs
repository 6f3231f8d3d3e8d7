//! Telephone numbers, as providers want them.

/// Digits of a number: the shortest in use and the longest E.164 allows.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Why a text is not a telephone number. Does not repeat the text: it is personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a number in E.164 form such as +4915112345678")]
pub struct PhoneError;

/// A telephone number in E.164 form: `+`, country code, number. Personal, hence without `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Reads a number; nothing is guessed or left out.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let digits = text.strip_prefix('+').ok_or(PhoneError)?;
        let is_number = DIGITS.contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if is_number { Ok(Self(text.to_owned())) } else { Err(PhoneError) }
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_the_international_form_is_a_number() {
        for bad in [
            "",
            "+",
            "4915112345678",
            "+0151123456",
            "+49 151 1234",
            "+123456",
            "+1234567890123456",
            "+٤٩١٥١١٢٣",
            "+4915112345678\n",
        ] {
            assert!(PhoneNumber::parse(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_number_is_kept_as_it_is(text in "\\+[1-9][0-9]{6,14}") {
            prop_assert!(PhoneNumber::parse(&text).is_ok_and(|number| number.as_str() == text));
        }

        #[test]
        fn no_text_makes_it_fall_over(text in "\\PC*") {
            let is_plain = text.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
            prop_assert!(is_plain || PhoneNumber::parse(&text).is_err());
        }
    }
}
