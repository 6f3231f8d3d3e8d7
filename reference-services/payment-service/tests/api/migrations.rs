//! The tables the chassis works with are made as the chassis wants them.

use ecotrack_chassis::{idempotency, inbox, outbox};

#[test]
fn the_chassis_tables_are_the_chassis_own() {
    let migration = include_str!("../../migrations/0001_payments.sql");
    for table in [outbox::MIGRATION, inbox::MIGRATION, idempotency::MIGRATION] {
        assert!(migration.contains(table), "{table}");
    }
}
