//! One client per platform part. A method is a question in the domain's words and has a typed answer;
//! each query language is written in exactly one place.

pub mod alertmanager;
pub mod collector;
mod endpoint;
pub mod gateway;
pub mod handshakes;
pub mod istio;
pub mod kafka;
pub mod loki;
pub mod openbao;
pub mod places;
pub mod pods;
pub mod postgres;
pub mod probes;
pub mod prometheus;
pub mod redis;
pub mod secrets;
pub mod traces;

pub use endpoint::{AskError, Endpoint};
pub use places::platform_ca;
