//! Lists in pages: newest first, by keyset. An offset would skip and repeat rows while others are being written.
//!
//! A handler takes [`PageQuery`]; its query fetches [`Limit::with_lookahead`] rows after the cursor's key; [`Page::new`] does the
//! rest. A route with filters of its own reads `limit` and `cursor` as plain fields and parses them with [`PageQuery::parse`].

use std::fmt;

use axum::{extract::FromRequestParts, http::request::Parts};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult},
    extract::Query,
};

/// Rows of a page when the client does not say.
const DEFAULT: u8 = 20;
/// Most rows of a page.
const MOST: u8 = 100;
/// Longest cursor we read, in bytes: ours are far shorter.
const LONGEST_CURSOR: usize = 512;

/// How many rows a page has at most: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(u8);

impl Limit {
    /// Reads a limit; 20 when there is none, 422 when it is out of range.
    pub fn parse(given: Option<i64>) -> ApiResult<Self> {
        let Some(given) = given else { return Ok(Self(DEFAULT)) };
        match u8::try_from(given) {
            Ok(limit @ 1..=MOST) => Ok(Self(limit)),
            _ => Err(ApiError::invalid_field("/limit", format!("must be 1 to {MOST}"))),
        }
    }

    /// The limit.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }

    /// How many rows to ask the database for: one more than fit, which tells whether there is a next page.
    #[must_use]
    pub fn with_lookahead(self) -> i64 {
        i64::from(self.0) + 1
    }
}

/// Where a page ended: the sort key of its last row, opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor<K = Uuid>(pub K);

impl<K: DeserializeOwned> Cursor<K> {
    /// Reads a cursor we gave out; anything else is a 400.
    pub fn parse(text: &str) -> ApiResult<Self> {
        let json =
            (text.len() <= LONGEST_CURSOR).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten();
        let key = json.and_then(|json| serde_json::from_slice(&json).ok());
        key.map(Self).ok_or_else(|| ApiError::bad_request("the cursor is not one of ours"))
    }
}

impl<K: Serialize> fmt::Display for Cursor<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(&self.0).map_err(|_unencodable| fmt::Error)?;
        formatter.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

/// The parameters `limit` and `cursor` of a list, read and checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageQuery<K = Uuid> {
    /// How many rows.
    pub limit: Limit,
    /// After which key; from the beginning when absent.
    pub after: Option<K>,
}

impl<K: DeserializeOwned> PageQuery<K> {
    /// Reads the two parameters.
    pub fn parse(limit: Option<i64>, cursor: Option<&str>) -> ApiResult<Self> {
        let after = cursor.map(Cursor::parse).transpose()?.map(|Cursor(key)| key);
        Ok(Self { limit: Limit::parse(limit)?, after })
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct Given {
    /// At most so many.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
    /// Where the page before ended: its `next_cursor`.
    #[param(max_length = 512)]
    cursor: Option<String>,
}

impl<K> IntoParams for PageQuery<K> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        Given::into_params(|| Some(ParameterIn::Query))
    }
}

impl<S: Send + Sync, K: DeserializeOwned> FromRequestParts<S> for PageQuery<K> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> ApiResult<Self> {
        let Query(Given { limit, cursor }) = Query::from_request_parts(parts, state).await?;
        Self::parse(limit, cursor.as_deref())
    }
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Ask with this for the next page; null on the last one.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of what a query with [`Limit::with_lookahead`] found. `key` is what the query sorts by.
    pub fn new<K: Serialize>(mut found: Vec<T>, limit: Limit, key: impl FnOnce(&T) -> K) -> Self {
        let has_more = found.len() > limit.get();
        found.truncate(limit.get());
        let last = found.last().filter(|_| has_more);
        let next_cursor = last.map(|row| Cursor(key(row)).to_string());
        Self { items: found, next_cursor }
    }

    /// The same page in other words.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), next_cursor: self.next_cursor }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_limit_is_1_to_100_and_20_unless_said() {
        assert_eq!(Limit::parse(None).unwrap().get(), 20);
        for good in [1, 100] {
            assert!(Limit::parse(Some(good)).is_ok(), "{good}");
        }
        for bad in [0, -1, 101, 1_000_000_000, i64::MIN] {
            assert_eq!(Limit::parse(Some(bad)).unwrap_err().status().as_u16(), 422, "{bad}");
        }
    }

    #[test]
    fn a_cursor_of_somebody_else_is_a_bad_request() {
        let other = Cursor((1, "x")).to_string();
        for bad in ["", "1", "not a cursor", &Uuid::nil().to_string(), &other, &"A".repeat(513)] {
            let error = Cursor::<Uuid>::parse(bad).unwrap_err();
            assert_eq!(error.status().as_u16(), 400, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn a_cursor_reads_back(score in any::<i32>(), id in any::<u128>()) {
            let key = (score, Uuid::from_u128(id));
            let text = Cursor(key).to_string();
            prop_assert_eq!(Cursor::<(i32, Uuid)>::parse(&text).unwrap(), Cursor(key));
        }

        #[test]
        fn pages_put_together_are_the_list(rows in 0_u32..250, limit in 1_i64..=100) {
            let limit = Limit::parse(Some(limit)).unwrap();
            let (mut seen, mut after) = (Vec::<u32>::new(), None);
            loop {
                let wanted = usize::try_from(limit.with_lookahead()).unwrap();
                let found = (0..rows).filter(|row| after.is_none_or(|after| *row > after)).take(wanted);
                let page = Page::new(found.collect(), limit, |row| *row);
                prop_assert!(page.items.len() <= limit.get());
                seen.extend(&page.items);
                let Some(cursor) = page.next_cursor else { break };
                after = Some(Cursor::<u32>::parse(&cursor).unwrap().0);
            }
            prop_assert_eq!(seen, (0..rows).collect::<Vec<_>>());
        }
    }
}
