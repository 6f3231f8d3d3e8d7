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

use crate::{domain::Email, source};

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
        let source =
            source::client_address(headers).map(|address| source::counted(address).to_string());
        drop(self.source.take(source.as_deref().unwrap_or(WITHOUT_GATEWAY)).await?);
        Ok(self.account.take(email.as_str()).await?)
    }
}
