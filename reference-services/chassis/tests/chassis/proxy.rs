//! A way to a server that new ones may have to wait for, and that can go dark: what comes in on it is swallowed, and nothing is closed.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::Result;
use ecotrack_chassis::test_support::Fixture;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Surroundings whose database is behind a proxy.
pub(crate) async fn behind_proxy() -> Result<(Fixture, Proxy)> {
    let fixture = Fixture::new().await?;
    let server = url::Url::parse(&fixture.database.url)?.authority().to_owned();
    let proxy = Proxy::to(server.clone()).await?;
    let url = fixture.database.url.replace(&server, &proxy.address);
    Ok((fixture.with("ECOTRACK_DATABASE_URL", &url), proxy))
}

/// Passes on what is sent, until this is dropped.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) address: String,
    light: Arc<Mutex<CancellationToken>>,
    delay: watch::Sender<Duration>,
    _passing: JoinSet<()>,
}

impl Proxy {
    /// A proxy for the server at an address.
    pub(crate) async fn to(server: String) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (address, light) = (listener.local_addr()?.to_string(), Arc::default());
        let (delay, delays) = watch::channel(Duration::ZERO);
        let mut passing = JoinSet::new();
        passing.spawn(pass_all(listener, server, Arc::clone(&light), delays));
        Ok(Self { address, light, delay, _passing: passing })
    }

    /// All connections there are go dark, for good. New ones do not.
    pub(crate) fn go_dark(&self) {
        let mut light = self.light.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *light).cancel();
    }

    /// Connections made from now on reach the server only after this time.
    pub(crate) fn delay_new(&self, delay: Duration) {
        self.delay.send_replace(delay);
    }
}

async fn pass_all(
    listener: TcpListener,
    server: String,
    light: Arc<Mutex<CancellationToken>>,
    delays: watch::Receiver<Duration>,
) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let light = light.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let delay = *delays.borrow();
        connections.spawn(pass(client, server.clone(), light, delay));
    }
}

async fn pass(mut client: TcpStream, server: String, light: CancellationToken, delay: Duration) {
    tokio::time::sleep(delay).await;
    let Ok(mut server) = TcpStream::connect(server).await else { return };
    if light.run_until_cancelled(copy_bidirectional(&mut client, &mut server)).await.is_none() {
        // Both ends stay open, and nobody reads them.
        std::future::pending::<()>().await;
    }
}
