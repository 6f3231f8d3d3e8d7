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
    /// Takes plain ASCII addresses only: look-alikes from other scripts would be other people's accounts.
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

fn is_domain(text: &str) -> bool {
    text.contains('.') && text.split('.').all(is_label)
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
            "а@b.de",
            "a b@c.de",
            ".a@b.de",
            "a@-b.de",
        ];
        for text in given {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
        assert!(Email::parse(&format!("{}@b.de", "a".repeat(65))).is_err());
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
        fn no_input_makes_it_panic(text in any::<String>()) {
            let _unjudged = Email::parse(&text);
        }
    }
}
