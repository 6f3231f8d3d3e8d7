//! PostgreSQL: with the platform's databases and each commit on disk before it is answered, or open and fast.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use nix::sys::signal::Signal;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{
    Access, Certificates, RunFolder, new_password,
    patience::eventually,
    ports,
    process::{Process, Program, unprivileged},
    programs,
};

/// What the platform runs when it makes its database.
const BOOTSTRAP: &str = include_str!("../../../deploy/platform/data/postgres/bootstrap.sql");
/// The superuser, for tools that look at what services wrote.
const ADMIN: &str = "postgres";
const START_DEADLINE: Duration = Duration::from_mins(1);
/// What both have in common.
const SETTINGS: [&str; 3] =
    ["listen_addresses=127.0.0.1", "ssl=on", "password_encryption=scram-sha-256"];
/// As on the platform.
const PLATFORM: [&str; 5] = [
    "fsync=on",
    "synchronous_commit=on",
    "wal_level=replica",
    "shared_buffers=128MB",
    "max_connections=300",
];
/// Nothing outlives its test, so nothing is written to disk in earnest and nothing is cleaned up; and there is a database per
/// test, whose making copies a template through the log.
const OPEN: [&str; 9] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=8GB",
    "autovacuum=off",
    "shared_buffers=256MB",
    "max_connections=1000",
];

/// A running PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    password: String,
    sandbox_password: String,
    ca: PathBuf,
    _process: Process,
}

impl Postgres {
    /// Starts it and makes the platform's databases, or none where it is open.
    pub async fn start(
        run: &RunFolder,
        certificates: &Certificates,
        access: Access,
    ) -> anyhow::Result<Self> {
        let folder = run.folder("postgres")?;
        let log = run.folder("log")?.join("postgres.log");
        let password = new_password();
        let port = ports::free()?;
        prepare(&folder, certificates, &password)?;
        let initdb = initdb(&folder, &log, access)?;
        initdb.run().await?;
        let process = server(&folder, &log, port, access)?.start()?;
        let postgres = Self {
            port,
            password,
            sandbox_password: new_password(),
            ca: certificates.ca.clone(),
            _process: process,
        };
        eventually(START_DEADLINE, || postgres.connect("postgres"))
            .await
            .with_context(|| format!("PostgreSQL does not answer, see {}", log.display()))?;
        if access == Access::Platform {
            postgres.bootstrap(&folder)?;
        }
        Ok(postgres)
    }

    /// A connection of the superuser, past the services.
    pub async fn connect(&self, database: &str) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.admin_url(database)).await?)
    }

    /// Address for the superuser, with the password: for tools only.
    #[must_use]
    pub fn admin_url(&self, database: &str) -> String {
        let (port, password) = (self.port, &self.password);
        format!("postgres://{ADMIN}:{password}@127.0.0.1:{port}/{database}?sslmode=disable")
    }

    /// Its port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Address for services, without user and password.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let ca = self.ca.display();
        format!(
            "postgres://127.0.0.1:{}/{database}?sslmode=verify-full&sslrootcert={ca}",
            self.port
        )
    }

    /// The login of the sandbox, which keeps it.
    #[must_use]
    pub fn sandbox_login(&self) -> (String, String) {
        ("provider_sandbox".to_owned(), self.sandbox_password.clone())
    }

    /// A new login that may do what `owner` may, as OpenBao makes them.
    pub async fn new_login(&self, owner: &str) -> anyhow::Result<(String, String)> {
        let name = format!("v-{owner}-{}", &new_password()[..8]);
        let password = new_password();
        let mut connection = self.connect("postgres").await?;
        for statement in [
            format!(r#"CREATE ROLE "{name}" LOGIN PASSWORD '{password}' IN ROLE {owner}"#),
            format!(r#"ALTER ROLE "{name}" SET role = '{owner}'"#),
            format!(r#"ALTER ROLE "{name}" SET search_path = '{owner}'"#),
        ] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
        }
        Ok((name, password))
    }

    fn bootstrap(&self, folder: &Path) -> anyhow::Result<()> {
        let mut psql = Command::new(programs::postgresql("psql")?)
            .args(["-qX", "-v", "ON_ERROR_STOP=1", "-U", ADMIN, "-d", "postgres", "-h"])
            .arg(folder)
            .args(["-p", &self.port.to_string()])
            .env("OPENBAO_PASSWORD", new_password())
            .env("SANDBOX_PASSWORD", &self.sandbox_password)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start psql")?;
        psql.stdin.take().context("psql has no input")?.write_all(BOOTSTRAP.as_bytes())?;
        let done = psql.wait_with_output()?;
        let said = String::from_utf8_lossy(&done.stderr);
        ensure!(done.status.success(), "the databases were not made: {}", said.trim());
        Ok(())
    }
}

/// The folder, the certificate and the password of the superuser, readable by whoever runs the server.
fn prepare(folder: &Path, certificates: &Certificates, password: &str) -> anyhow::Result<()> {
    fs::copy(&certificates.certificate, folder.join("server.crt"))?;
    fs::copy(&certificates.key, folder.join("server.key"))?;
    fs::write(folder.join("password"), password)?;
    for name in ["server.key", "password"] {
        let only_owner = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        fs::set_permissions(folder.join(name), only_owner)?;
    }
    if let Some(user) = unprivileged()? {
        for path in ["", "server.crt", "server.key", "password"] {
            chown(folder.join(path), Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
    }
    Ok(())
}

fn initdb(folder: &Path, log: &Path, access: Access) -> anyhow::Result<Program> {
    let door = match access {
        Access::Platform => "--auth-host=scram-sha-256",
        Access::Open => "--auth-host=trust",
    };
    let initdb = Program::new(programs::postgresql("initdb")?, log)
        .args(["--username", ADMIN, "--auth-local=trust", door])
        .args(["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--pwfile"])
        .args([folder.join("password")])
        .args([Path::new("-D"), &folder.join("data")]);
    Ok(Program { unprivileged: true, ..initdb })
}

fn server(folder: &Path, log: &Path, port: u16, access: Access) -> anyhow::Result<Program> {
    let own: &[&str] = match access {
        Access::Platform => &PLATFORM,
        Access::Open => &OPEN,
    };
    let mut program = Program::new(programs::postgresql("postgres")?, log)
        .args([Path::new("-D"), &folder.join("data"), Path::new("-k"), folder])
        .args(["-p", &port.to_string()]);
    let file = |setting: &str, name: &str| format!("{setting}={}", folder.join(name).display());
    let settings = SETTINGS.iter().chain(own).map(|setting| (*setting).to_owned());
    for setting in
        settings.chain([file("ssl_cert_file", "server.crt"), file("ssl_key_file", "server.key")])
    {
        program = program.args(["-c".to_owned(), setting]);
    }
    // Its fast shutdown: it ends its children and gives back its shared memory.
    Ok(Program { unprivileged: true, end: Signal::SIGINT, ..program })
}
