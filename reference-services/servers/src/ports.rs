//! Ports for servers that are restarted: each keeps its own for the whole run.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, TcpStream},
    time::Duration,
};

use anyhow::Context as _;
use rand::Rng as _;

/// Where the kernel says which ports it gives to outgoing connections.
const EPHEMERAL: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// Below are ports of well-known servers.
const LOWEST: u16 = 10_000;
const ATTEMPTS: usize = 1_000;
/// Longest a port may leave the question open. On loopback the kernel answers at once.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);

/// A port that is free now and that no outgoing connection is given while its server is down: between a kill and the
/// restart a port of the ephemeral range could become some client's.
pub fn free() -> anyhow::Result<u16> {
    let text =
        std::fs::read_to_string(EPHEMERAL).with_context(|| format!("cannot read {EPHEMERAL}"))?;
    let ephemeral: u16 = text
        .split_whitespace()
        .next()
        .and_then(|first| first.parse().ok())
        .filter(|first| *first > LOWEST)
        .with_context(|| format!("no room below the ports of {EPHEMERAL}"))?;
    let candidates = || rand::rng().random_range(LOWEST..ephemeral);
    std::iter::repeat_with(candidates)
        .take(ATTEMPTS)
        .find(|port| nobody_listens(*port))
        .context("no free port")
}

/// Found out by asking: listening for a try would keep the port a moment longer in every process that is started meanwhile, which has
/// all our sockets until it becomes another program.
fn nobody_listens(port: u16) -> bool {
    TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), ANSWER_WITHIN)
        .is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_port_can_be_listened_on_and_is_free_no_more() {
        let port = free().unwrap();
        let _listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(!nobody_listens(port));
    }
}
