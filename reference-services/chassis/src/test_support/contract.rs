//! Contracts: documents that are committed and may not drift, and what consumers expect of providers.
//!
//! A consumer commits an expectation as JSON under `contracts/expectations/<consumer>--<provider>/<name>.json`. Its own tests run
//! against [`Stub`] (HTTP) or [`EventExpectation::record`] (events), made from that file; the provider's tests verify every file
//! of [`addressed_to`] it. So neither side can drift without a test that fails.
//!
//! Example bodies match by shape: what the example has must be there, of the same kind (a UUID, a time, a decimal, a text, a
//! number); `${name}` stands for a value the test knows and must be equal, as must the type of a problem of ours; more may be there.

mod committed;
mod expectation;
mod shape;
mod stub;

pub use committed::assert_committed;
pub use expectation::{
    Addressed, EventExpectation, Expectation, ExpectedRequest, ExpectedResponse, HttpExpectation,
    Variables, addressed_to, expectation,
};
pub use shape::assert_like;
pub use stub::Stub;
