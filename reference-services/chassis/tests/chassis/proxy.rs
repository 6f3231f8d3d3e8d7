//! A way to a server that can go dark: what comes in on it is swallowed, and nothing is closed.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Passes on what is sent, until this is dropped.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) address: String,
    light: Arc<Mutex<CancellationToken>>,
    _passing: JoinSet<()>,
}

impl Proxy {
    /// A proxy for the server at an address.
    pub(crate) async fn to(server: String) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, light) = (listener.local_addr()?.to_string(), Arc::default());
        let mut passing = JoinSet::new();
        passing.spawn(pass_all(listener, server, Arc::clone(&light)));
        Ok(Self { address, light, _passing: passing })
    }

    /// All connections there are go dark, for good. New ones do not.
    pub(crate) fn go_dark(&self) {
        let mut light = self.light.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *light).cancel();
    }
}

async fn pass_all(listener: TcpListener, server: String, light: Arc<Mutex<CancellationToken>>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let light = light.lock().unwrap_or_else(PoisonError::into_inner).clone();
        connections.spawn(pass(client, server.clone(), light));
    }
}

async fn pass(mut client: TcpStream, server: String, light: CancellationToken) {
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    if light.run_until_cancelled(copy_bidirectional(&mut client, &mut server)).await.is_none() {
        // Both ends stay open, and nobody reads them.
        std::future::pending::<()>().await;
    }
}
