//! What a proxy of the mesh should have written into its access log.

use super::{Checked, judge};
use crate::component::istio::AccessLogEntry;

/// The proxy itself answered 503 in time, since no pod is behind it: it neither waited nor tried again.
pub fn nobody_behind(millis: u64) -> impl Fn(&AccessLogEntry) -> Checked {
    move |entry| {
        let own =
            entry.status == 503 && entry.flags == "UH" && entry.details == "no_healthy_upstream";
        judge(
            own && entry.millis <= millis,
            format!("503 with flag UH within {millis} ms in the access log"),
            format!("{entry:?}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_503_from_behind_or_one_that_took_long_is_not_said_at_once() {
        let at_once = AccessLogEntry {
            status: 503,
            details: "no_healthy_upstream".to_owned(),
            flags: "UH".to_owned(),
            millis: 100,
            peer: String::new(),
        };
        let judged = nobody_behind(100);
        assert!(judged(&at_once).is_ok());
        for other in [
            AccessLogEntry { millis: 101, ..at_once.clone() },
            AccessLogEntry { status: 200, ..at_once.clone() },
            AccessLogEntry {
                flags: String::new(),
                details: "via_upstream".to_owned(),
                ..at_once.clone()
            },
            AccessLogEntry { flags: "UF".to_owned(), ..at_once.clone() },
        ] {
            assert!(judged(&other).is_err(), "{other:?}");
        }
    }
}
