//! The way to a receiver whose name the resolver here does not know.

use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::str::FromStr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;

/// Where connections go, as `host:port`: what curl calls `--connect-to`. Addresses stay as they are, so TLS, the certificate and the
/// request are still about the receiver's own name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConnectTo(String);

/// Not a place that one can connect to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not of the form host:port")]
pub(super) struct NotAPlace;

impl FromStr for ConnectTo {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<NonZeroU16>().is_ok() => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(NotAPlace),
        }
    }
}

impl Resolve for ConnectTo {
    /// Looked up for each connection anew: what was made again has another address.
    fn resolve(&self, _: Name) -> Resolving {
        let place = self.0.clone();
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = lookup_host(place).await?.collect();
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_host_and_a_port() {
        for good in ["gateway.ingress.svc:443", "127.0.0.1:8443", "[::1]:443"] {
            assert_eq!(good.parse(), Ok(ConnectTo(good.to_owned())));
        }
        for bad in ["gateway.ingress.svc", ":443", "gateway:", "gateway:0", "gateway:https", ""] {
            assert_eq!(bad.parse::<ConnectTo>(), Err(NotAPlace), "{bad}");
        }
    }
}
