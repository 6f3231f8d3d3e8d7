//! The sandbox through its HTTP interface, on a real database.

mod faults;
mod helpers;
mod ledger;
mod providers;
