//! Redis. Tests share it: their keys hold ids of their own.

use tokio::sync::OnceCell;

use super::held::{self, Held};

static SERVER: OnceCell<Server> = OnceCell::const_new();

struct Server {
    port: u16,
    _process: Held,
}

/// Address of the server, which is started when first asked for.
pub(super) async fn url() -> anyhow::Result<String> {
    let start = || async { tokio::task::spawn_blocking(start).await? };
    let port = SERVER.get_or_try_init(start).await?.port;
    Ok(format!("redis://127.0.0.1:{port}"))
}

fn start() -> anyhow::Result<Server> {
    let program = held::find("redis-server", "redis-server", &["/usr/bin".into()])?;
    let dir = held::directory()?;
    let port = held::free_port()?;
    let arguments = [
        "--port".into(),
        port.to_string().into(),
        "--bind".into(),
        "127.0.0.1".into(),
        "--save".into(),
        String::new().into(),
        "--dir".into(),
        dir.clone().into_os_string(),
    ];
    let process = held::start(&program, &arguments, &dir, "Ready to accept connections")?;
    Ok(Server { port, _process: process })
}
