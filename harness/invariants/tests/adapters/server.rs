//! PostgreSQL for this program, and a database of its own for each test.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use nix::unistd::{User, geteuid};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

/// Where Debian keeps the servers, one directory per version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Nothing here outlives its test, so nothing is written to disk in earnest.
const OPTIONS: &str =
    "-c listen_addresses=127.0.0.1 -c fsync=off -c synchronous_commit=off -c full_page_writes=off";
/// Runs a server until its standard input, a pipe this process holds, is closed; then ends it and removes its directory.
const KEEPER: &str = r#"dir=$1; shift; exec 3<&0; "$@" </dev/null 2>&1 & cat <&3 >/dev/null; kill -INT $!; wait $!; rm -rf "$dir""#;

struct Server {
    port: u16,
    _keeper: Child,
}

/// An empty database; answers with its URL.
pub(crate) async fn database() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let port = tokio::task::spawn_blocking(|| SERVER.get_or_init(start).port).await.unwrap();
    let name = format!("t{}", Uuid::new_v4().simple());
    let url = |name: &str| format!("postgres://postgres@127.0.0.1:{port}/{name}?sslmode=disable");
    let mut connection = PgConnection::connect(&url("postgres")).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("create database {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    url(&name)
}

fn start() -> Server {
    let bin = binaries();
    let dir = tempfile::Builder::new().prefix("invariants-test-").tempdir().unwrap().keep();
    if let Some(user) = unprivileged() {
        chown(&dir, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
    }
    let data = dir.join("data");
    let made = command(&bin.join("initdb"))
        .args(["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "-D"])
        .arg(&data)
        .output()
        .unwrap();
    assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut keeper = command(Path::new("/bin/sh"))
        .args(["-c", KEEPER, "keeper"])
        .arg(&dir)
        .arg(bin.join("postgres"))
        .arg("-D")
        .arg(&data)
        .args(["-p", &port.to_string(), "-k"])
        .arg(&dir)
        .args(OPTIONS.split(' '))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(keeper.stdout.take().unwrap()).lines().map_while(Result::ok);
    let ready = lines.by_ref().any(|line| line.contains("ready to accept connections"));
    assert!(ready, "PostgreSQL ended before it was ready");
    // A server whose output nobody reads would stop.
    std::thread::spawn(move || lines.for_each(drop));
    Server { port, _keeper: keeper }
}

fn binaries() -> PathBuf {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").is_file())
        .max();
    newest.expect("PostgreSQL is not installed; install it with: apt-get install postgresql")
}

/// PostgreSQL refuses to be run by root.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some(user) = unprivileged() {
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
    }
    command.current_dir("/");
    command
}

fn unprivileged() -> Option<User> {
    if geteuid().is_root() { User::from_name("nobody").unwrap() } else { None }
}
