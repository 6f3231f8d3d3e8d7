//! Tells the few ways apart in which a connection fails.

use std::error::Error;
use std::io;

use conformance_probe::{Refusal, RefusalKind};

/// The refusal behind an error chain.
pub(crate) fn of(error: &(dyn Error + 'static)) -> Refusal {
    Refusal { kind: kind(error), message: chain(error) }
}

fn kind(error: &(dyn Error + 'static)) -> RefusalKind {
    let message = chain(error);
    causes(error)
        .find_map(|cause| cause.downcast_ref::<io::Error>().and_then(|io| of_io(io.kind())))
        .unwrap_or_else(|| of_text(&message))
}

fn of_io(kind: io::ErrorKind) -> Option<RefusalKind> {
    // Everything not named here is told by its text.
    #[allow(clippy::wildcard_enum_match_arm, reason = "std's list of kinds grows")]
    match kind {
        io::ErrorKind::ConnectionRefused => Some(RefusalKind::Refused),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => Some(RefusalKind::Reset),
        io::ErrorKind::UnexpectedEof => Some(RefusalKind::Closed),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Some(RefusalKind::Timeout),
        _ => None,
    }
}

fn of_text(message: &str) -> RefusalKind {
    let known = [
        ("dns error", RefusalKind::Name),
        ("failed to lookup", RefusalKind::Name),
        ("connection closed", RefusalKind::Closed),
        ("operation timed out", RefusalKind::Timeout),
        ("certificate", RefusalKind::Tls),
        ("handshake", RefusalKind::Tls),
        ("InvalidContentType", RefusalKind::Tls),
        ("alert", RefusalKind::Tls),
    ];
    known
        .iter()
        .find(|(needle, _)| message.contains(needle))
        .map_or(RefusalKind::Other, |(_, kind)| *kind)
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

fn chain(error: &(dyn Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_is_told_from_a_refused_connection() {
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        assert_eq!(of(&reset).kind, RefusalKind::Reset);
        assert_eq!(of(&refused).kind, RefusalKind::Refused);
    }

    #[test]
    fn an_unknown_name_is_told_by_its_text() {
        let unknown =
            io::Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(of(&unknown).kind, RefusalKind::Name);
    }
}
