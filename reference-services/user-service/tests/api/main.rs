//! user-service through its HTTP interface, on real servers.

#![expect(clippy::panic_in_result_fn, reason = "a test fails by an error or by an assertion")]

mod access;
mod cache;
mod contract;
mod erasure;
mod forgery;
mod helpers;
mod housekeeping;
mod keys;
mod limits;
mod problems;
mod profile;
mod refresh;
mod registration;
mod roles;
mod secrecy;
mod session_list;
mod sessions;
mod storm;
mod telemetry;

#[test]
fn the_tables_of_outbox_and_inbox_are_those_of_the_chassis() {
    let migration = include_str!("../../migrations/0001_users.sql");
    for table in [ecotrack_chassis::outbox::MIGRATION, ecotrack_chassis::inbox::MIGRATION] {
        assert!(migration.contains(table), "not in the migration: {table}");
    }
}
