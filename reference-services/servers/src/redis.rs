//! Redis as the platform runs it: TLS, a password, nothing saved. Open, it takes plain connections too.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    time::Duration,
};

use anyhow::Context as _;
use tokio::net::TcpStream;

use crate::{
    Access, Certificates, RunFolder, new_password,
    patience::eventually,
    ports,
    process::{Process, Program},
    programs,
};

const START_DEADLINE: Duration = Duration::from_secs(20);

/// A running Redis.
#[derive(Debug)]
pub struct Redis {
    secured: u16,
    plain: u16,
    password: String,
    _process: Process,
}

impl Redis {
    /// Starts it.
    pub async fn start(
        run: &RunFolder,
        certificates: &Certificates,
        access: Access,
    ) -> anyhow::Result<Self> {
        let folder = run.folder("redis")?;
        let log = run.folder("log")?.join("redis.log");
        let (secured, plain, password) = (ports::free()?, ports::free()?, new_password());
        let door = match access {
            Access::Platform => "port 0\nmaxmemory 64mb\nmaxmemory-policy allkeys-lfu\n".to_owned(),
            // Tests share it: nobody's keys may push out another's.
            Access::Open => format!("port {plain}\n"),
        };
        let file = folder.join("redis.conf");
        fs::write(&file, format!("{door}{}", configuration(secured, &password, certificates)))?;
        fs::set_permissions(&file, Permissions::from_mode(0o600))?;
        let program = programs::on_path("redis-server", "redis-server")?;
        let process = Program::new(program, &log).args([file]).start()?;
        let listens = || async { Ok(TcpStream::connect(("127.0.0.1", secured)).await?) };
        eventually(START_DEADLINE, listens)
            .await
            .with_context(|| format!("Redis does not listen, see {}", log.display()))?;
        Ok(Self { secured, plain, password, _process: process })
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("rediss://127.0.0.1:{}", self.secured)
    }

    /// Its address without TLS, where it is open, with the password in it.
    #[must_use]
    pub fn plain(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}", self.password, self.plain)
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
        "tls-port {port}\nrequirepass {password}\nbind 127.0.0.1\nsave \"\"\n\
         tls-cert-file {certificate}\ntls-key-file {key}\ntls-ca-cert-file {ca}\ntls-auth-clients no\n"
    )
}
