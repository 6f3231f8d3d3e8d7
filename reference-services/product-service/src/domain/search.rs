//! What somebody looks for, and how much of it at once.

use ecotrack_chassis::{ApiError, ApiResult, error::Violation, page::PageQuery};
use ecotrack_events::{Currency, Money};
use url::form_urlencoded::Serializer;

use super::{Key, Sort, check};

/// Longest search text, in characters.
const MAX_QUERY: usize = 100;
/// Longest slug of a category, in characters.
const MAX_CATEGORY: usize = 60;
/// The best sustainability score.
const MAX_SCORE: i16 = 100;

/// What somebody says.
#[derive(Debug, Clone, Default)]
pub(crate) struct SearchDraft {
    pub(crate) query: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) min_price: Option<String>,
    pub(crate) max_price: Option<String>,
    pub(crate) currency: Option<String>,
    pub(crate) min_sustainability: Option<i16>,
    pub(crate) in_stock: Option<bool>,
    pub(crate) sort: Option<String>,
}

/// A valid search.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    /// Words that name or description must have, in lower case; none finds everything.
    pub(crate) query: Option<String>,
    /// Slug of a category; those below it count.
    pub(crate) category: Option<String>,
    /// In minor units.
    pub(crate) min_price: Option<i64>,
    /// In minor units.
    pub(crate) max_price: Option<i64>,
    pub(crate) currency: Option<Currency>,
    pub(crate) min_sustainability: i16,
    pub(crate) in_stock: bool,
    pub(crate) sort: Sort,
    pub(crate) page: PageQuery<Key>,
}

impl Search {
    /// Reads a search and names everything that is wrong with it, not only the first.
    pub(crate) fn parse(draft: SearchDraft, page: PageQuery<Key>) -> ApiResult<Self> {
        let mut wrong = Vec::new();
        let search = Self::read(draft, page, &mut wrong);
        wrong.extend(search.contradictions());
        if !wrong.is_empty() {
            return Err(ApiError::invalid(wrong));
        }
        if search.page.after.is_some_and(|key| key.sort != search.sort) {
            return Err(ApiError::bad_request("the cursor belongs to a list in another order"));
        }
        Ok(search)
    }

    /// Prices compare only within one currency: where they do and none is given, it is EUR.
    fn read(draft: SearchDraft, page: PageQuery<Key>, wrong: &mut Vec<Violation>) -> Self {
        let query = draft.query.map(|text| text.trim().to_lowercase());
        let sort = draft.sort.as_deref().map_or(Ok(Sort::Oldest), Sort::parse);
        let mut search = Self {
            query: query.filter(|text| !text.is_empty()),
            category: draft.category,
            min_price: price(wrong, "/min_price", draft.min_price.as_deref()),
            max_price: price(wrong, "/max_price", draft.max_price.as_deref()),
            currency: currency(wrong, draft.currency.as_deref()),
            min_sustainability: draft.min_sustainability.unwrap_or_default(),
            in_stock: draft.in_stock.unwrap_or_default(),
            sort: sort.map_err(|violation| wrong.push(violation)).unwrap_or(Sort::Oldest),
            page,
        };
        let has_bounds = search.min_price.is_some() || search.max_price.is_some();
        if search.currency.is_none() && (has_bounds || search.sort.compares_prices()) {
            search.currency = Some(Currency::Eur);
        }
        search
    }

    fn contradictions(&self) -> Vec<Violation> {
        let length = |text: &Option<String>, least, most| {
            text.as_deref().and_then(|text| check::length(text, least, most))
        };
        let no_price = self.min_price.zip(self.max_price).is_some_and(|(least, most)| least > most);
        let nothing_to_match = self.sort == Sort::Relevance && self.query.is_none();
        let score = self.min_sustainability.into();
        check::violations([
            ("/query", length(&self.query, 0, MAX_QUERY)),
            ("/category", length(&self.category, 1, MAX_CATEGORY)),
            ("/min_sustainability", check::range(score, 0, MAX_SCORE.into())),
            ("/max_price", no_price.then(|| "not below min_price".to_owned())),
            ("/sort", nothing_to_match.then(|| "relevance needs a query".to_owned())),
        ])
    }

    /// Under what its page is cached. Escaped, so that no search can be worded to meet another one's page.
    pub(crate) fn cache_id(&self) -> String {
        let mut id = Serializer::new(String::new());
        let mut put = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                id.append_pair(name, &value);
            }
        };
        put("query", self.query.clone());
        put("category", self.category.clone());
        put("min_price", self.min_price.map(|price| price.to_string()));
        put("max_price", self.max_price.map(|price| price.to_string()));
        put("currency", self.currency.map(|currency| currency.code().to_owned()));
        put("min_sustainability", Some(self.min_sustainability.to_string()));
        put("in_stock", Some(self.in_stock.to_string()));
        put("sort", Some(self.sort.name().to_owned()));
        put("limit", Some(self.page.limit.get().to_string()));
        put("after", self.page.after.map(|key| format!("{}/{}", key.value, key.id.simple())));
        id.finish()
    }
}

fn currency(wrong: &mut Vec<Violation>, code: Option<&str>) -> Option<Currency> {
    let currency = code.map(Currency::parse).transpose();
    currency
        .map_err(|error| wrong.push(Violation::new("/currency", error.to_string())))
        .ok()
        .flatten()
}

/// A bound of the price in minor units. All currencies have as many of them.
fn price(wrong: &mut Vec<Violation>, pointer: &str, amount: Option<&str>) -> Option<i64> {
    let price = amount.map(|amount| Money::parse(amount, Currency::Eur.code())).transpose();
    price
        .map_err(|error| wrong.push(Violation::new(pointer, error.to_string())))
        .ok()
        .flatten()
        .map(Money::amount_minor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn parse(draft: SearchDraft) -> ApiResult<Search> {
        Search::parse(draft, PageQuery::parse(None, None)?)
    }

    fn status(draft: SearchDraft) -> u16 {
        parse(draft).err().map_or(200, |error| error.status().as_u16())
    }

    #[test]
    fn searches_without_sense_are_invalid() {
        let any = SearchDraft::default;
        for draft in [
            SearchDraft { sort: Some("price".to_owned()), ..any() },
            SearchDraft { sort: Some("price_asc; drop table products".to_owned()), ..any() },
            SearchDraft { sort: Some("relevance".to_owned()), ..any() },
            SearchDraft { query: Some("x".repeat(101)), ..any() },
            SearchDraft { category: Some(String::new()), ..any() },
            SearchDraft { min_sustainability: Some(101), ..any() },
            SearchDraft { min_sustainability: Some(-1), ..any() },
            SearchDraft { min_price: Some("1".to_owned()), ..any() },
            SearchDraft { max_price: Some("-1.00".to_owned()), ..any() },
            SearchDraft {
                min_price: Some("2.00".to_owned()),
                max_price: Some("1.99".to_owned()),
                ..any()
            },
            // ISO 4217 has XXX for no currency at all: a code of the right form that nobody pays in.
            SearchDraft { currency: Some("XXX".to_owned()), ..any() },
        ] {
            assert_eq!(status(draft.clone()), 422, "{draft:?}");
        }
    }

    #[test]
    fn prices_compare_within_one_currency() {
        let any = SearchDraft::default;
        let currency = |draft| parse(draft).unwrap().currency;
        assert_eq!(currency(any()), None);
        assert_eq!(
            currency(SearchDraft { sort: Some("price_desc".to_owned()), ..any() }),
            Some(Currency::Eur)
        );
        let bound = SearchDraft {
            max_price: Some("9.99".to_owned()),
            currency: Some("GBP".to_owned()),
            ..any()
        };
        assert_eq!(currency(bound), Some(Currency::Gbp));
    }

    #[test]
    fn a_cursor_of_another_order_is_a_bad_request() {
        let key = Key { sort: Sort::Newest, value: 0, id: Uuid::now_v7() };
        let page = || PageQuery { after: Some(key), ..PageQuery::parse(None, None).unwrap() };
        let error = Search::parse(SearchDraft::default(), page()).unwrap_err();
        assert_eq!(error.status().as_u16(), 400);
        let newest = SearchDraft { sort: Some("newest".to_owned()), ..SearchDraft::default() };
        assert!(Search::parse(newest, page()).is_ok());
    }

    #[test]
    fn blanks_and_capitals_make_no_other_search() {
        let one = SearchDraft { query: Some(" Olive SOAP ".to_owned()), ..SearchDraft::default() };
        let other = SearchDraft { query: Some("olive soap".to_owned()), ..SearchDraft::default() };
        assert_eq!(parse(one).unwrap().cache_id(), parse(other).unwrap().cache_id());
    }

    fn drafts() -> impl Strategy<Value = SearchDraft> {
        let text = || prop::option::of("[a-c&=%/ :]{1,6}");
        (text(), text(), prop::option::of(0..3_i16), prop::option::of(any::<bool>())).prop_map(
            |(query, category, min_sustainability, in_stock)| SearchDraft {
                query,
                category,
                min_sustainability,
                in_stock,
                ..SearchDraft::default()
            },
        )
    }

    proptest! {
        #[test]
        fn only_the_same_search_meets_the_same_page(one in drafts(), other in drafts()) {
            let (one, other) = (parse(one).unwrap(), parse(other).unwrap());
            let what = |search: &Search| (
                search.query.clone(), search.category.clone(), search.min_sustainability, search.in_stock,
            );
            prop_assert_eq!(one.cache_id() == other.cache_id(), what(&one) == what(&other));
        }
    }
}
