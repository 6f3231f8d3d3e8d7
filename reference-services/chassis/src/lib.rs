//! What every EcoTrack service stands on, so that a service is its domain and little else.
//!
//! A service's `build` takes [`config::Settings`], makes a [`Chassis`], asks it for what it needs (database, cache, outbox,
//! consumers, token verifier, clients) and ends with [`Chassis::serve`]. Its `main` is one line: [`run`].

pub mod app;
pub mod auth;
pub mod breaker;
pub mod cache;
pub mod config;
pub mod context;
pub mod continuation;
pub mod deadline;
pub mod error;
pub mod extract;
pub mod failpoint;
pub mod health;
pub mod http;
pub mod http_client;
pub mod idempotency;
pub mod inbox;
pub mod kafka;
pub mod metrics;
pub mod openapi;
mod outage;
pub mod outbox;
pub mod page;
mod panics;
pub mod postgres;
pub mod public_url;
pub mod rate_limit;
pub mod retry;
mod run;
pub mod telemetry;
#[cfg(feature = "test-support")]
pub mod test_support;
pub mod webhook;
pub mod word;
pub mod workers;

pub use app::{Application, Chassis};
pub use error::{ApiError, ApiResult};
pub use panics::quiet_panics;
pub use run::run;
