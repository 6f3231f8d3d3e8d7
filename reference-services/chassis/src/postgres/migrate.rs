//! Bringing the service's schema to the version it knows. sqlx holds an advisory lock, so replicas take turns.

use anyhow::Context as _;
use sqlx::{
    AssertSqlSafe, PgPool,
    migrate::{MigrateError, Migrator},
};

use crate::failpoint;

/// Applies what is missing. A schema that a newer version wrote is an error, see [`is_unknown_schema`].
pub(super) async fn run(pool: &PgPool, schema: &str, migrations: &Migrator) -> anyhow::Result<()> {
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
