//! Whether a client met the gateway's limit, and nothing worse.

use conformance_probe::Attempt;

use super::http::refused_by_the_mesh;
use super::{Checked, judge};
use crate::component::istio::AccessLogEntry;
use crate::services::Answer;

/// Some requests were answered as they always are without a token, and all others with 429 and when to come again.
pub fn limited(attempts: &[Attempt]) -> Checked {
    let passed = attempts.iter().filter(|attempt| passes(attempt).is_ok()).count();
    let refused = attempts.iter().filter(|attempt| is_told_to_wait(attempt)).count();
    let other =
        attempts.iter().find(|attempt| passes(attempt).is_err() && !is_told_to_wait(attempt));
    let strange = other.map_or_else(String::new, |attempt| format!(", and {attempt:?}"));
    judge(
        passed > 0 && refused > 0 && other.is_none(),
        "a part of the requests passed and all others told with 429 and Retry-After",
        format!("{passed} of {} passed, {refused} told to come again{strange}", attempts.len()),
    )
}

/// The limit let the request through: it was refused for its missing token only.
pub fn passes(attempt: &Attempt) -> Checked {
    refused_by_the_mesh(&Answer::from(attempt.clone()))
}

/// The gateway turned requests away by its limit, and says so in its access log.
pub fn logged_as_own(entries: &[AccessLogEntry]) -> Checked {
    let (limited, others): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| entry.status == 429);
    let own =
        limited.iter().all(|entry| entry.flags == "RL" && entry.details == "local_rate_limited");
    let seen = format!(
        "{} lines with 429, the first {:?}, and {} others",
        limited.len(),
        limited.first(),
        others.len()
    );
    judge(own && !limited.is_empty(), "429 with flag RL in the gateway's access log", seen)
}

fn is_told_to_wait(attempt: &Attempt) -> bool {
    let wait = attempt.headers.get("retry-after").and_then(|wait| wait.parse::<u32>().ok());
    attempt.status == Some(429) && wait.is_some_and(|seconds| seconds > 0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn attempt(status: u16, body: &str, headers: &[(&str, &str)]) -> Attempt {
        let headers: BTreeMap<_, _> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Attempt { status: Some(status), headers, body: body.to_owned(), error: None, millis: 1 }
    }

    fn passed() -> Attempt {
        attempt(403, "RBAC: access denied", &[])
    }

    fn refused() -> Attempt {
        attempt(429, "local_rate_limited", &[("retry-after", "1")])
    }

    #[test]
    fn a_limit_lets_some_through_and_tells_the_others_when_to_come_again() {
        assert!(limited(&[passed(), refused()]).is_ok());
        for none in [vec![passed(), passed()], vec![refused(), refused()], Vec::new()] {
            assert!(limited(&none).is_err(), "{none:?}");
        }
    }

    #[test]
    fn what_is_neither_let_through_nor_told_to_wait_is_named() {
        for strange in [
            attempt(429, "", &[]),
            attempt(429, "", &[("retry-after", "soon")]),
            attempt(503, "overloaded", &[("retry-after", "1")]),
        ] {
            let mismatch = limited(&[passed(), refused(), strange]).unwrap_err().to_string();
            assert!(mismatch.contains("and Attempt"), "{mismatch}");
        }
    }

    #[test]
    fn a_429_that_came_from_behind_the_gateway_is_not_its_own_limit() {
        let entry = |status, flags: &str, details: &str| AccessLogEntry {
            status,
            flags: flags.to_owned(),
            details: details.to_owned(),
            ..AccessLogEntry::default()
        };
        let own = entry(429, "RL", "local_rate_limited");
        let passed = entry(403, "", "rbac_access_denied_matched_policy[x]");
        assert!(logged_as_own(&[own.clone(), passed.clone()]).is_ok());
        assert!(logged_as_own(&[own, entry(429, "", "via_upstream")]).is_err());
        assert!(logged_as_own(&[passed]).is_err());
    }
}
