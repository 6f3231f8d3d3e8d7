//! What somebody looks for, and how much of it at once.

use ecotrack_chassis::{ApiError, error::Violation};
use uuid::Uuid;

/// Products on a page when nothing is said.
const DEFAULT_LIMIT: i64 = 20;
/// Products on a page at most.
const MAX_LIMIT: i64 = 100;
/// Longest search text, in characters.
const MAX_QUERY: usize = 100;
/// The best sustainability score.
const MAX_SCORE: i16 = 100;

/// Where the next page begins: after this product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor(pub(crate) Uuid);

impl Cursor {
    /// Reads a cursor we gave out.
    pub(crate) fn parse(text: &str) -> Result<Self, ApiError> {
        let id = Uuid::try_parse(text).ok().filter(|id| id.simple().to_string() == text);
        id.map(Self).ok_or_else(|| ApiError::bad_request("the cursor is not one of ours"))
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.simple().fmt(formatter)
    }
}

/// A valid search.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) query: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) min_sustainability: i16,
    pub(crate) limit: i64,
    pub(crate) cursor: Option<Cursor>,
}

impl Filter {
    pub(crate) fn parse(
        query: Option<String>,
        category: Option<String>,
        min_sustainability: Option<i16>,
        limit: Option<i64>,
        cursor: Option<&str>,
    ) -> Result<Self, ApiError> {
        let cursor = cursor.map(Cursor::parse).transpose()?;
        let min_sustainability = min_sustainability.unwrap_or(0);
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        let too_long = query.as_ref().is_some_and(|query| query.chars().count() > MAX_QUERY);
        let checks = [
            (
                !(1..=MAX_LIMIT).contains(&limit),
                "/limit",
                format!("a page has 1 to {MAX_LIMIT} products"),
            ),
            (
                !(0..=MAX_SCORE).contains(&min_sustainability),
                "/min_sustainability",
                format!("a score is 0 to {MAX_SCORE}"),
            ),
            (too_long, "/query", format!("at most {MAX_QUERY} characters")),
        ];
        let violations: Vec<_> = checks
            .into_iter()
            .filter(|(violated, ..)| *violated)
            .map(|(_, pointer, detail)| Violation::new(pointer, detail))
            .collect();
        if violations.is_empty() {
            Ok(Self { query, category, min_sustainability, limit, cursor })
        } else {
            Err(ApiError::invalid(violations))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(limit: i64) -> Result<Filter, ApiError> {
        Filter::parse(None, None, None, Some(limit), None)
    }

    #[test]
    fn pages_are_bounded() {
        for bad in [0, -1, 101, 1_000_000_000] {
            assert_eq!(limit(bad).unwrap_err().status().as_u16(), 422);
        }
        assert_eq!(limit(100).unwrap().limit, 100);
        assert_eq!(Filter::parse(None, None, None, None, None).unwrap().limit, 20);
    }

    #[test]
    fn a_cursor_reads_back() {
        let cursor = Cursor(Uuid::now_v7());
        assert_eq!(Cursor::parse(&cursor.to_string()).unwrap(), cursor);
    }

    #[test]
    fn a_cursor_of_somebody_elses_is_a_bad_request() {
        for text in ["", "1", "not-a-cursor", "01900000-0000-7000-8000-000000000001"] {
            assert_eq!(Cursor::parse(text).unwrap_err().status().as_u16(), 400, "{text:?}");
        }
    }
}
