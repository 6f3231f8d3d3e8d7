//! The conformance harness: asks a platform questions through its real interfaces and judges the answers.
//!
//! A run owns one [`suite::Suite`]; a scenario owns one identity and one journal of evidence. `cluster` knows
//! Kubernetes and nothing of `EcoTrack`; a `component` is a client of one platform part; `check` says what an
//! answer should have been, in a sentence.

pub mod arguments;
pub mod capability;
pub mod catalogue;
pub mod check;
pub mod cluster;
pub mod collected;
pub mod command;
pub mod component;
pub mod contracts;
pub mod control;
pub mod dashboards;
pub mod drill;
pub mod eventually;
pub mod evidence;
pub mod fault;
pub mod plan;
pub mod profile;
pub mod report;
pub mod run_id;
pub mod scenario;
pub mod services;
pub mod suite;
pub mod sweep;
pub mod timeouts;
pub mod verdict;
