//! The smallest service: a database, and nothing that starts by itself.

use anyhow::Result;
use chrono::Utc;
use ecotrack_chassis::{
    Chassis,
    postgres::Database,
    test_support::{Fixture, eventually},
};
use ecotrack_events::user::UserDeleted;
use sqlx::migrate::Migrator;
use uuid::Uuid;

pub(crate) static MIGRATIONS: Migrator = sqlx::migrate!("tests/chassis/migrations");

/// A chassis in its surroundings. The chassis holds the background tasks.
pub(crate) struct Bench {
    pub(crate) fixture: Fixture,
    pub(crate) database: Database,
    _chassis: Chassis,
}

impl Bench {
    pub(crate) async fn start() -> Result<Self> {
        Self::in_surroundings(Fixture::new().await?).await
    }

    pub(crate) async fn in_surroundings(fixture: Fixture) -> Result<Self> {
        let mut chassis = Chassis::new(fixture.settings("test-service")?);
        let database = chassis.database(&MIGRATIONS)?;
        eventually(|| async {
            database.acquire().await?;
            Ok(())
        })
        .await?;
        Ok(Self { fixture, database, _chassis: chassis })
    }

    pub(crate) async fn count(&self, table: &'static str) -> Result<i64> {
        let mut connection = self.database.acquire().await?;
        let count =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")));
        Ok(count.fetch_one(&mut *connection).await?)
    }
}

pub(crate) fn event() -> UserDeleted {
    UserDeleted { user_id: Uuid::now_v7(), deleted_at: Utc::now() }
}
