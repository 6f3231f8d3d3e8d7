//! Bringing the service's schema to the version it knows. sqlx holds an advisory lock, so replicas take turns.

use std::time::Duration;

use anyhow::Context as _;
use sqlx::{
    AssertSqlSafe, PgPool,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::failpoint;

/// Longest one statement of a migration may take, waiting for a replica that migrates among them: an index on a table that has
/// grown takes longer than any request may.
const STATEMENT_TIMEOUT: &str = "10min";
/// Longest that taking leave may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// Longest all of it may take. A database that vanished meanwhile would never answer.
const LONGEST: Duration = Duration::from_mins(15);

/// Applies what is missing, with the login of `pool`. A schema that a newer version wrote is an error, see [`is_unknown_schema`].
pub(super) async fn run(pool: &PgPool, schema: &str, migrations: &Migrator) -> anyhow::Result<()> {
    let patient = PgConnectOptions::clone(&pool.connect_options())
        .options([("statement_timeout", STATEMENT_TIMEOUT), ("lock_timeout", STATEMENT_TIMEOUT)]);
    let patient = PgPoolOptions::new().max_connections(1).connect_lazy_with(patient);
    let migrated = tokio::time::timeout(LONGEST, migrate(&patient, schema, migrations)).await;
    // PostgreSQL is told that the connection ends; whoever does not hear it has lost the connection anyway.
    drop(tokio::time::timeout(GOODBYE, patient.close()).await);
    migrated.unwrap_or_else(|late| Err(late.into()))
}

async fn migrate(pool: &PgPool, schema: &str, migrations: &Migrator) -> anyhow::Result<()> {
    ensure_schema(pool, schema).await.with_context(|| format!("cannot make schema {schema}"))?;
    failpoint::hit("database.migration");
    migrations.run(pool).await.with_context(|| format!("cannot migrate schema {schema}"))?;
    failpoint::hit("database.migrated");
    Ok(())
}

/// Whether migration failed because the schema holds migrations this version does not have, or other ones.
pub(super) fn is_unknown_schema(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(
            MigrateError::VersionMissing(_)
                | MigrateError::VersionMismatch(_)
                | MigrateError::Dirty(_)
        )
    )
}

/// The platform makes the schema; where it did not, we do. PostgreSQL asks for the right to create before it looks.
async fn ensure_schema(pool: &PgPool, schema: &str) -> Result<(), sqlx::Error> {
    let exists: bool = sqlx::query_scalar("select to_regnamespace($1) is not null")
        .bind(schema)
        .fetch_one(pool)
        .await?;
    if !exists {
        // The name is the service's own, a constant of the program.
        sqlx::query(AssertSqlSafe(format!("create schema if not exists {schema}")))
            .execute(pool)
            .await?;
    }
    Ok(())
}
