//! The conformance harness: asks a platform questions through its real interfaces and judges the answers.
//!
//! A run owns one [`suite::Suite`]; a scenario owns one identity and one journal of evidence. `cluster` knows
//! Kubernetes and nothing of `EcoTrack`; a `component` is a client of one platform part; `check` says what an
//! answer should have been, in a sentence.

pub mod capability;
pub mod check;
pub mod cluster;
pub mod component;
pub mod eventually;
pub mod evidence;
pub mod run_id;
pub mod scenario;
pub mod services;
pub mod suite;
pub mod timeouts;
pub mod verdict;
