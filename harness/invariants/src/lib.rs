//! Whether the world kept its promises: what clients were told, held against what the world says.
//!
//! A [`history::History`] is a client [`journal`] and everything [`observed`] once the system has come to rest ([`drain`]):
//! rows, records, the provider's ledger, traces and log lines. [`judge`] holds invariants I1 to I10 against it with pure
//! functions, so that a stored history can be judged again, by anybody, years later. The crate links no service: what it
//! knows of them is in [`contract`].

pub mod command;
pub mod contract;
pub mod drain;
pub mod history;
pub mod journal;
pub mod judge;
pub mod observed;
pub mod report;
pub mod source;
pub mod workload;

mod patience;
