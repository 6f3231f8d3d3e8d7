//! One question to one address: what `helm test` runs inside the mesh.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::{Client, StatusCode, Url};
use tokio::time::{Instant, interval};

/// Time for one answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// A proxy that has just started may refuse the first questions.
const KEEP_ASKING_FOR: Duration = Duration::from_secs(30);
/// Time between two questions.
const PAUSE: Duration = Duration::from_secs(1);

/// What to ask.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Address that must answer 200.
    url: Url,
}

/// True when the address answered 200 in time; the last answer is the error otherwise.
pub(crate) async fn run(options: &Options) -> Result<bool> {
    let client = Client::builder().timeout(ANSWER_WITHIN).build()?;
    let deadline = Instant::now() + KEEP_ASKING_FOR;
    let mut pause = interval(PAUSE);
    loop {
        pause.tick().await;
        let answer = client.get(options.url.clone()).send().await.map(|answer| answer.status());
        match answer {
            Ok(StatusCode::OK) => return Ok(true),
            _ if Instant::now() < deadline => {}
            Ok(status) => bail!("{} answered {status}, expected 200", options.url),
            Err(error) => {
                return Err(error).with_context(|| format!("{} did not answer", options.url));
            }
        }
    }
}
