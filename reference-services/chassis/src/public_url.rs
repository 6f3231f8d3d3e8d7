//! Addresses that customers and administrators give us for browsers to fetch: nobody can point them at what is not public. We never
//! fetch them ourselves.

use url::{Host, Url};

/// Longest address, in bytes.
const MAX_LENGTH: usize = 2048;
/// Names that lead into a host, a cluster or a local network, never to the public. The last labels of a name decide.
const PRIVATE_NAMES: [&str; 13] = [
    "localhost",
    "local",
    "localdomain",
    "internal",
    "intranet",
    "private",
    "lan",
    "home",
    "corp",
    "svc",
    "home.arpa",
    "cluster.local",
    "in-addr.arpa",
];

/// Says what keeps an address from being an `https` one on a public host name, without a login.
pub fn check(text: &str) -> Result<(), &'static str> {
    if text.len() > MAX_LENGTH {
        return Err("at most 2048 bytes");
    }
    // The parser drops blanks and line breaks in silence; what is kept would not be what was checked.
    if text.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return Err("no blanks and no control characters");
    }
    let url = Url::parse(text).map_err(|_unexplained| "not an address")?;
    if url.scheme() != "https" {
        return Err("the scheme must be https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("no user and no password");
    }
    if url.port().is_some() {
        return Err("no port other than that of https");
    }
    match url.host() {
        Some(Host::Domain(name)) => public_name(name),
        // Behind a number may be a private network or a cloud's metadata; nobody has need of them.
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => Err("the host must be a name, not a number"),
    }
}

/// The parser has made the name lower-case already.
fn public_name(name: &str) -> Result<(), &'static str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let is_below = |zone: &str| {
        name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    if !name.contains('.') || PRIVATE_NAMES.iter().any(|zone| is_below(zone)) {
        return Err("the host must be a public name");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    fn is_public(url: &str) -> bool {
        check(url).is_ok()
    }

    #[test]
    fn public_names_are_fine() {
        for url in [
            "https://img.example.com/cup.webp",
            "https://img.example.com:443/a?b=c",
            "https://bücher.example/ä.png",
            "https://localhost.example.com/x",
        ] {
            assert!(is_public(url), "{url}");
        }
    }

    #[test]
    fn what_is_not_public_or_not_https_is_refused() {
        for url in [
            "http://img.example.com/cup.webp",
            "ftp://img.example.com/x",
            "javascript:alert(1)",
            "data:image/png;base64,AAAA",
            "file:///etc/passwd",
            "//img.example.com/x",
            "cup.webp",
            "https://",
            "https://localhost/x",
            "https://LOCALHOST./x",
            "https://a.localhost/x",
            "https://redis/x",
            "https://postgres.data.svc/x",
            "https://postgres.data.svc.cluster.local/x",
            "https://metadata.google.internal/computeMetadata/v1/",
            "https://printer.local/x",
            "https://127.0.0.1/x",
            "https://169.254.169.254/latest/meta-data/",
            "https://2852039166/x",
            "https://0x7f.1/x",
            "https://0177.0.0.1/x",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://[fe80::1]/x",
            "https://10.0.0.1./x",
            "https://user:secret@img.example.com/x",
            "https://img.example.com@169.254.169.254/x",
            "https://img.example.com:8443/x",
            "https://img.example.com/a\r\nb",
            "https://img.exam\tple.com/x",
            "https://%31%32%37.0.0.1/x",
        ] {
            assert!(!is_public(url), "{url}");
        }
    }

    #[test]
    fn an_address_has_an_end() {
        assert!(!is_public(&format!("https://example.com/{}", "x".repeat(MAX_LENGTH))));
    }

    proptest! {
        #[test]
        fn no_number_is_a_host_however_it_is_written(bits in any::<u32>(), six in any::<u128>()) {
            let [a, b, c, d] = bits.to_be_bytes();
            let (four, six) = (Ipv4Addr::from(bits), Ipv6Addr::from(six));
            for host in [
                four.to_string(), bits.to_string(), format!("{bits:#x}"), format!("0{bits:o}"),
                format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"), format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
                format!("[{six}]"), format!("[{}]", four.to_ipv6_mapped()),
            ] {
                prop_assert!(!is_public(&format!("https://{host}/x")), "{}", host);
            }
        }

        #[test]
        fn no_text_whatever_breaks_the_check(text in ".*") {
            if is_public(&text) {
                let url = Url::parse(&text).unwrap();
                prop_assert_eq!(url.scheme(), "https");
                prop_assert!(url.domain().unwrap().contains('.'));
            }
        }
    }
}
