//! Accepting and serving connections, with a deadline for slow heads and a graceful end.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::Router;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::sync::CancellationToken;

use super::opening::Opening;

/// Longest a client may take to send a request's head.
const HEADER_TIMEOUT: Duration = Duration::from_secs(12);
/// Largest head of a request that is read at all, in bytes. What a head may be is a good deal less, see `head`.
const MAX_HEAD: usize = 64 * 1024;
const MAX_HEAD_U32: u32 = 64 * 1024;
/// Connections at once; more wait in the kernel until one is free.
const MAX_CONNECTIONS: usize = 4096;
/// Requests at once on one connection of HTTP/2.
const MAX_STREAMS: u32 = 256;
/// How often a client of HTTP/2 is asked whether it is still there, and how long it has for the answer.
const PING_INTERVAL: Duration = Duration::from_secs(8);
const PING_TIMEOUT: Duration = Duration::from_secs(4);
/// Pause after a failed accept, which is mostly for lack of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

pub(crate) struct Server {
    listener: TcpListener,
    address: SocketAddr,
    builder: Builder<TokioExecutor>,
}

impl Server {
    pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}; set ECOTRACK_HTTP_ADDR to a free one")
        })?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address, builder: builder() })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until told to stop, then lets requests in flight finish, at most so long. Says whether all did.
    pub(crate) async fn serve(
        self,
        router: Router,
        stop: CancellationToken,
        drain: Duration,
    ) -> bool {
        let connections = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        while let Some(accepted) = stop.run_until_cancelled(self.accept(&places)).await {
            match accepted {
                Ok((stream, place)) => self.serve_connection(stream, place, &router, &connections),
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.listener);
        tokio::time::timeout(drain, connections.shutdown()).await.is_ok()
    }

    async fn accept(
        &self,
        places: &Arc<Semaphore>,
    ) -> anyhow::Result<(TcpStream, OwnedSemaphorePermit)> {
        let place = Arc::clone(places).acquire_owned().await?;
        Ok((self.listener.accept().await?.0, place))
    }

    fn serve_connection(
        &self,
        stream: TcpStream,
        place: OwnedSemaphorePermit,
        router: &Router,
        connections: &GracefulShutdown,
    ) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the connection is gone already");
            return;
        }
        let service = TowerToHyperService::new(router.clone());
        let stream = TokioIo::new(Opening::new(stream));
        let connection = self.builder.serve_connection(stream, service).into_owned();
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error, "a connection ended early");
            }
            drop(place);
        });
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(MAX_HEAD_U32)
        .max_concurrent_streams(MAX_STREAMS)
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}
