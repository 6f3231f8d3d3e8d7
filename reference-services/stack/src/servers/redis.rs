//! Redis as the platform runs it: TLS only, a password, nothing saved.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    time::Duration,
};

use anyhow::Context as _;
use tokio::net::TcpStream;

use super::new_password;
use crate::{
    certificates::Certificates,
    patience::eventually,
    ports,
    process::{Process, Program},
    programs,
    run_folder::RunFolder,
};

const START_DEADLINE: Duration = Duration::from_secs(20);

/// A running Redis.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    password: String,
    _process: Process,
}

impl Redis {
    /// Starts it.
    pub(crate) async fn start(
        run: &RunFolder,
        certificates: &Certificates,
    ) -> anyhow::Result<Self> {
        let folder = run.folder("redis")?;
        let log = run.folder("log")?.join("redis.log");
        let (port, password) = (ports::free()?, new_password());
        let file = folder.join("redis.conf");
        fs::write(&file, configuration(port, &password, certificates))?;
        fs::set_permissions(&file, Permissions::from_mode(0o600))?;
        let program = programs::on_path("redis-server", "redis-server")?;
        let process = Program::new(program, &log).args([file]).start()?;
        eventually(START_DEADLINE, || async { Ok(TcpStream::connect(("127.0.0.1", port)).await?) })
            .await
            .with_context(|| format!("Redis does not listen, see {}", log.display()))?;
        Ok(Self { port, password, _process: process })
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.port)
    }

    /// Its password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }
}

fn configuration(port: u16, password: &str, certificates: &Certificates) -> String {
    let (certificate, key, ca) =
        (certificates.certificate.display(), certificates.key.display(), certificates.ca.display());
    format!(
        "port 0\ntls-port {port}\nbind 127.0.0.1\nsave \"\"\nrequirepass {password}\n\
         tls-cert-file {certificate}\ntls-key-file {key}\ntls-ca-cert-file {ca}\ntls-auth-clients no\n\
         maxmemory 64mb\nmaxmemory-policy allkeys-lru\n"
    )
}
