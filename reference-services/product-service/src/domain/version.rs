//! The version of a product: what an administrator must have seen to change it.

/// Counts what administrators changed. What orders take does not count: they would never let an administrator finish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) i64);

impl Version {
    /// Whether an `If-Match` header names this version: in its list, or by `*`. Weak tags never match.
    pub(crate) fn is_matched_by(self, header: &str) -> bool {
        let own = self.to_string();
        header.split(',').map(str::trim).any(|tag| tag == "*" || tag == own)
    }
}

/// As an entity tag.
impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_and_stars_match_and_weak_tags_do_not() {
        for header in ["\"7\"", "*", "\"6\", \"7\"", " \"7\" "] {
            assert!(Version(7).is_matched_by(header), "{header}");
        }
        for header in ["", "7", "W/\"7\"", "\"77\"", "\"6\""] {
            assert!(!Version(7).is_matched_by(header), "{header}");
        }
    }

    proptest! {
        #[test]
        fn a_version_matches_itself_and_no_other(one in any::<i64>(), other in any::<i64>()) {
            prop_assert!(Version(one).is_matched_by(&Version(one).to_string()));
            prop_assert_eq!(Version(one).is_matched_by(&Version(other).to_string()), one == other);
        }
    }
}
