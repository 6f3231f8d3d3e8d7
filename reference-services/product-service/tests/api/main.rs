//! product-service through its HTTP interface, on real servers.

#![expect(clippy::panic_in_result_fn, reason = "a test fails by an error or by an assertion")]

mod access;
mod admin;
mod bad_input;
mod caches;
mod catalogue;
mod categories;
mod contract;
mod expiry;
mod helpers;
mod hostile;
mod orders;
mod oversell;
mod paging;
mod redis_server;
mod reservations;
mod secrecy;
mod suggestions;

#[test]
fn the_table_of_the_inbox_is_that_of_the_chassis() {
    assert!(
        include_str!("../../migrations/0001_products.sql")
            .contains(ecotrack_chassis::inbox::MIGRATION)
    );
}
