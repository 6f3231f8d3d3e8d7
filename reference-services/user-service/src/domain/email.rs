//! An e-mail address, in the one form we store and compare.

/// Longest address that can be delivered to, in bytes.
const MAX_LENGTH: usize = 254;
/// Longest part before the `@`, in bytes.
const MAX_LOCAL: usize = 64;
/// Longest label of a domain, in bytes.
const MAX_LABEL: usize = 63;

/// An address in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Email(String);

impl Email {
    /// Takes plain ASCII addresses only: look-alikes from other scripts would be other people's accounts. An
    /// internationalised domain comes in its ASCII form (`xn--…`) and stays in it, so that nothing is ever shown for another.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let valid = text.len() <= MAX_LENGTH
            && text
                .split_once('@')
                .is_some_and(|(local, domain)| is_local(local) && is_domain(domain));
        if valid {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err("not an e-mail address".to_owned())
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_local(text: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&byte);
    text.len() <= MAX_LOCAL
        && text.bytes().all(allowed)
        && text.split('.').all(|atom| !atom.is_empty())
}

/// A name of at least two labels, the last of which is no number: an address such as 127.0.0.1 is no domain.
fn is_domain(text: &str) -> bool {
    let top = text.rsplit_once('.').map(|(_, top)| top);
    top.is_some_and(|top| top.starts_with(|first: char| first.is_ascii_alphabetic()))
        && text.split('.').all(is_label)
}

fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=MAX_LABEL).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_forge_a_header_or_pass_for_another_is_refused() {
        let given = [
            "",
            "a",
            "a@",
            "@b.de",
            "a@b",
            "a@@b.de",
            "a@b.de\r\nBcc: c@d.de",
            "\u{430}@b.de",
            "a@b\u{ff0e}de",
            "a@b\u{200d}.de",
            "a@m\u{fc}ller.de",
            "a b@c.de",
            ".a@b.de",
            "a..b@c.de",
            "a@-b.de",
            "a@b.de.",
            "a@127.0.0.1",
            "\"a\"@b.de",
            "a@b.de\0",
        ];
        for text in given {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
        assert!(Email::parse(&format!("{}@b.de", "a".repeat(65))).is_err());
    }

    #[test]
    fn an_international_domain_is_known_by_its_ascii_form() {
        let email = Email::parse("ann@XN--Mller-kva.example").unwrap();
        assert_eq!(email.as_str(), "ann@xn--mller-kva.example");
    }

    #[test]
    fn case_makes_no_second_account() {
        assert_eq!(Email::parse("Ann@Example.COM"), Email::parse("ann@example.com"));
    }

    proptest! {
        #[test]
        fn ordinary_addresses_are_accepted_and_stay_themselves(local in "[a-z0-9]{1,20}([.+-][a-z0-9]{1,10}){0,3}", domain in "[a-z0-9]{1,20}[.][a-z]{2,10}") {
            let text = format!("{local}@{domain}");
            let email = Email::parse(&text).unwrap();
            prop_assert_eq!(email.as_str(), text.as_str());
        }

        #[test]
        fn what_is_accepted_is_printable_ascii_and_stays_itself(text in ".{0,10}@.{0,10}[.].{0,5}") {
            if let Ok(email) = Email::parse(&text) {
                prop_assert!(email.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email));
            }
        }
    }
}
