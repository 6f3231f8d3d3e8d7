//! How often somebody may try to log in or to register.
//!
//! Passwords are guessed one account at a time from many places, or many accounts from one place: each has its limit. A login is
//! not possible while nobody can count; a registration is, it guesses nothing.

use std::time::Duration;

use axum::http::HeaderMap;
use ecotrack_chassis::{
    ApiResult,
    cache::Cache,
    rate_limit::{FailMode, Permit, RateLimit, RateLimiter},
};

use crate::domain::Email;

/// Failed logins of an account, and registrations of an address, in a window.
const TRIES: u32 = 5;
const WINDOW: Duration = Duration::from_mins(1);
/// The source of requests that came past the gateway.
const WITHOUT_GATEWAY: &str = "direct";

/// The limits. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Limits {
    login: Pair,
    registration: Pair,
}

#[derive(Clone)]
struct Pair {
    source: RateLimiter,
    account: RateLimiter,
}

impl Limits {
    /// Limits that all replicas share. `source_limit` is the tries of one source in a minute.
    pub(crate) fn new(cache: &Cache, source_limit: u32) -> Self {
        let limiter = |name, tries, without_redis| {
            RateLimiter::new(cache, RateLimit { name, tries, window: WINDOW, without_redis })
        };
        Self {
            login: Pair {
                source: limiter("login-source", source_limit, FailMode::Refuse),
                account: limiter("login-account", TRIES, FailMode::Refuse),
            },
            registration: Pair {
                source: limiter("registration-source", source_limit, FailMode::Allow),
                account: limiter("registration-account", TRIES, FailMode::Allow),
            },
        }
    }

    /// Counts a login. Give the permit back when it succeeds: only failures are limited per account.
    pub(crate) async fn login(&self, headers: &HeaderMap, email: &Email) -> ApiResult<Permit> {
        self.login.take(headers, email).await
    }

    /// Counts a registration, whether there is an account or not.
    pub(crate) async fn registration(&self, headers: &HeaderMap, email: &Email) -> ApiResult<()> {
        self.registration.take(headers, email).await.map(drop)
    }
}

impl Pair {
    async fn take(&self, headers: &HeaderMap, email: &Email) -> ApiResult<Permit> {
        drop(self.source.take(client_address(headers).unwrap_or(WITHOUT_GATEWAY)).await?);
        Ok(self.account.take(email.as_str()).await?)
    }
}

/// The client as the gateway saw it: the last hop it added, the only one a client cannot write.
pub(crate) fn client_address(headers: &HeaderMap) -> Option<&str> {
    let hops = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    hops.rsplit(',').next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_hop_the_gateway_added_counts() {
        let mut headers = HeaderMap::new();
        assert_eq!(client_address(&headers), None);
        headers.append("x-forwarded-for", HeaderValue::from_static("1.1.1.1, 2.2.2.2"));
        assert_eq!(client_address(&headers), Some("2.2.2.2"));
        headers.append("x-forwarded-for", HeaderValue::from_static("3.3.3.3"));
        assert_eq!(client_address(&headers), Some("3.3.3.3"));
    }
}
