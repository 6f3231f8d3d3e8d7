//! A database of its own for each test.

use std::path::Path;

use anyhow::ensure;
use ecotrack_servers::Shared;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

use super::eventually;

/// A database for one test, and the directory its login is mounted in.
pub struct TestDatabase {
    /// Address without user and password.
    pub url: String,
    credentials: TempDir,
    admin_url: String,
}

impl TestDatabase {
    /// An empty database; the login is the server's superuser.
    pub async fn create() -> anyhow::Result<Self> {
        let server = &Shared::find().await?.postgres;
        let name = format!("t{}", Uuid::new_v4().simple());
        let admin_url =
            |database: &str| format!("postgres://postgres@{server}/{database}?sslmode=disable");
        let mut connection = PgConnection::connect(&admin_url("postgres")).await?;
        sqlx::query(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut connection)
            .await?;
        connection.close().await?;
        let database = Self {
            url: format!("postgres://{server}/{name}?sslmode=disable"),
            credentials: TempDir::new()?,
            admin_url: admin_url(&name),
        };
        database.mount("postgres", "unused")?;
        Ok(database)
    }

    /// A connection past the service, for looking at what it wrote.
    pub async fn connect(&self) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.admin_url).await?)
    }

    /// How many wait for somebody's lock: of this type, as `advisory`, or of any.
    pub async fn waiting(&self, lock: Option<&str>) -> anyhow::Result<i64> {
        let waiting = "select count(*) from pg_stat_activity where datname = current_database() \
             and wait_event_type = 'Lock' and ($1::text is null or wait_event = $1)";
        let waiting = sqlx::query_scalar(waiting).bind(lock);
        Ok(waiting.fetch_one(&mut self.connect().await?).await?)
    }

    /// Waits until somebody waits for a lock of this type.
    pub async fn await_waiting(&self, lock: &str) -> anyhow::Result<()> {
        eventually(|| async {
            ensure!(self.waiting(Some(lock)).await? > 0, "nobody waits for a lock: {lock}");
            Ok(())
        })
        .await
    }

    /// Mounts another login, as a rotation does.
    pub fn mount(&self, username: &str, password: &str) -> anyhow::Result<()> {
        std::fs::write(self.credentials.path().join("password"), password)?;
        std::fs::write(self.credentials.path().join("username"), username)?;
        Ok(())
    }

    /// Where the login is mounted.
    #[must_use]
    pub fn credentials_dir(&self) -> &Path {
        self.credentials.path()
    }
}
