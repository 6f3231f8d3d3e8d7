//! A postal address: where parcels go.

use ecotrack_chassis::error::Violation;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Checks, line::Line};

/// Longest postal code, in bytes.
const MAX_POSTAL_CODE: usize = 16;

/// A postal address, all its parts valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    street: Line<200>,
    postal_code: PostalCode,
    city: Line<100>,
    country: Country,
}

/// Digits and capital letters, with single blanks or hyphens between them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct PostalCode(String);

/// A country by its two letters of ISO 3166-1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
struct Country(String);

/// A postal address as it is written down.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddressForm {
    /// Street and number.
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^(?!\s*$)[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$",
        example = "1 Long Street"
    )]
    pub(crate) street: String,
    /// Digits and capital letters, with single blanks or hyphens between them.
    #[schema(max_length = 16, pattern = "^[A-Z0-9]+([ -][A-Z0-9]+)*$", example = "10115")]
    pub(crate) postal_code: String,
    /// Town.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^(?!\s*$)[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$",
        example = "Berlin"
    )]
    pub(crate) city: String,
    /// Two letters of ISO 3166-1.
    #[schema(pattern = "^[A-Z]{2}$", example = "DE")]
    pub(crate) country: String,
}

impl Address {
    /// Names everything that is wrong, each at its pointer below `/address`.
    pub(crate) fn parse(form: &AddressForm) -> Result<Self, Vec<Violation>> {
        let mut checks = Checks::default();
        let street = checks.check("/address/street", Line::parse(&form.street));
        let postal_code =
            checks.check("/address/postal_code", PostalCode::parse(&form.postal_code));
        let city = checks.check("/address/city", Line::parse(&form.city));
        let country = checks.check("/address/country", Country::parse(&form.country));
        let address = match (street, postal_code, city, country) {
            (Some(street), Some(postal_code), Some(city), Some(country)) => {
                Some(Self { street, postal_code, city, country })
            }
            _ => None,
        };
        checks.conclude(address)
    }
}

impl From<&Address> for AddressForm {
    fn from(address: &Address) -> Self {
        Self {
            street: address.street.as_str().to_owned(),
            postal_code: address.postal_code.0.clone(),
            city: address.city.as_str().to_owned(),
            country: address.country.0.clone(),
        }
    }
}

impl PostalCode {
    fn parse(text: &str) -> Result<Self, String> {
        let is_group = |group: &str| {
            !group.is_empty()
                && group.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        };
        if text.len() <= MAX_POSTAL_CODE && text.split([' ', '-']).all(is_group) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("must be at most {MAX_POSTAL_CODE} digits and capital letters"))
        }
    }
}

impl Country {
    fn parse(text: &str) -> Result<Self, String> {
        if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be two capital letters, as in ISO 3166-1".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(street: &str, postal_code: &str, city: &str, country: &str) -> AddressForm {
        let [street, postal_code, city, country] =
            [street, postal_code, city, country].map(str::to_owned);
        AddressForm { street, postal_code, city, country }
    }

    #[test]
    fn addresses_of_several_countries_are_addresses() {
        for (postal_code, country) in [("10115", "DE"), ("SW1A 1AA", "GB"), ("100-0001", "JP")] {
            let parsed = Address::parse(&form("1 Long Street", postal_code, "Town", country));
            assert!(parsed.is_ok(), "{postal_code}");
        }
    }

    #[test]
    fn each_wrong_part_is_named() {
        let wrong = Address::parse(&form("", "a--b", "x\r\ny", "Germany")).unwrap_err();
        assert_eq!(wrong.len(), 4);
    }

    proptest! {
        #[test]
        fn an_address_reads_back_as_it_was_accepted(
            street in ".{0,210}", postal_code in "[A-Z0-9 -]{0,18}", city in ".{0,110}", country in "[A-Z]{1,3}",
        ) {
            if let Ok(address) = Address::parse(&form(&street, &postal_code, &city, &country)) {
                prop_assert_eq!(Address::parse(&AddressForm::from(&address)), Ok(address));
            }
        }
    }
}
