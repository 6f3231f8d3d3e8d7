//! PostgreSQL, and a database of its own for each test.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::held::{self, Held};

/// Where Debian keeps the servers, one directory per version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Nothing here outlives its test, so nothing is written to disk in earnest.
const OPTIONS: &str = "-c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=500";

static SERVER: OnceCell<Server> = OnceCell::const_new();

struct Server {
    port: u16,
    _process: Held,
}

/// A database for one test, and the directory its login is mounted in.
pub struct TestDatabase {
    /// Address without user and password.
    pub url: String,
    credentials: TempDir,
    name: String,
    port: u16,
}

impl TestDatabase {
    /// An empty database; the login is the server's superuser.
    pub async fn create() -> anyhow::Result<Self> {
        let start = || async { tokio::task::spawn_blocking(start).await? };
        let port = SERVER.get_or_try_init(start).await?.port;
        let name = format!("t{}", Uuid::new_v4().simple());
        let mut connection = PgConnection::connect(&address(port, "postgres")).await?;
        sqlx::query(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut connection)
            .await?;
        let url = format!("postgres://127.0.0.1:{port}/{name}?sslmode=disable");
        let database = Self { url, credentials: TempDir::new()?, name, port };
        database.mount("postgres", "unused")?;
        Ok(database)
    }

    /// A connection past the service, for looking at what it wrote.
    pub async fn connect(&self) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&address(self.port, &self.name)).await?)
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

fn address(port: u16, database: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/{database}?sslmode=disable")
}

fn start() -> anyhow::Result<Server> {
    let binaries = binaries();
    let find = |name| held::find(name, "postgresql", &binaries);
    let (initdb, postgres) = (find("initdb")?, find("postgres")?);
    let dir = held::directory()?;
    let data = dir.join("data");
    let made = held::command(&initdb)?
        .args(["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "-D"])
        .arg(&data)
        .output()
        .context("cannot run initdb")?;
    ensure!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
    let port = held::free_port()?;
    let mut arguments =
        vec!["-D".into(), data.into_os_string(), "-p".into(), port.to_string().into()];
    arguments.extend(["-k".into(), dir.clone().into_os_string()]);
    arguments.extend(OPTIONS.split(' ').map(Into::into));
    let process = held::start(&postgres, &arguments, &dir, "ready to accept connections")?;
    Ok(Server { port, _process: process })
}

/// The newest version first.
fn binaries() -> Vec<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut dirs: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    dirs.sort();
    dirs.reverse();
    dirs
}
