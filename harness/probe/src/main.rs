//! The program in probe pods: asks one question from inside the cluster and prints the answer as JSON.

mod connect;
mod events;
mod http;
mod refusal;
mod send;
mod tls;

use clap::{Parser, Subcommand};
use serde::Serialize;

#[derive(Parser)]
#[command(about = "Asks one question from inside the cluster and prints the answer as JSON")]
struct Arguments {
    #[command(subcommand)]
    question: Question,
}

#[derive(Subcommand)]
enum Question {
    /// Wait until asked to stop: what a probe pod runs.
    Idle,
    /// Send HTTP requests one after the other.
    Http(http::Request),
    /// Open a bare TCP or TLS connection, send a few bytes, read what comes back.
    Connect(connect::Connection),
    /// Read the Kafka records of one correlation id.
    Events(events::Search),
    /// Send the requests of a change now.
    Send(send::Sending),
    /// Take a change back when its time to live is over.
    Expire(send::Expiry),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().question {
        Question::Idle => idle().await,
        Question::Http(request) => print(&http::send(&request).await?),
        Question::Connect(connection) => print(&connect::open(&connection)?),
        Question::Events(search) => print(&events::find(&search)?),
        Question::Send(sending) => send::now(&sending).await,
        Question::Expire(expiry) => send::at_its_end(&expiry).await,
    }
}

/// As the first process of a container, SIGTERM has no default action: without this the pod would wait out its grace period.
async fn idle() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    signal(SignalKind::terminate())?.recv().await;
    Ok(())
}

fn print(answer: &impl Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(std::io::stdout().lock(), answer)?;
    Ok(())
}
