//! The world outside the platform: payment, mail, SMS, chat and on-call providers as their customers see them.
//!
//! What a provider was asked and what it did goes into an append-only ledger, the only witness that belongs to nobody under test.
//! Faults are armed per provider and end by themselves.

mod app;
mod courier;
mod desk;
pub mod exchange;
pub mod fault;
mod http;
pub mod provider;
pub mod providers;
mod store;
pub mod webhook;

pub use app::{SERVICE, build};
