//! The provider's ledger over HTTP, page by page, newest first.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::Client;
use url::Url;

use crate::observed::Entry;

/// Entries of a page, the most the provider gives.
const PAGE: usize = 1000;
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Reads the whole ledger; the answer is in its own order, oldest first.
pub async fn read(provider: &Url) -> anyhow::Result<Vec<Entry>> {
    let client =
        Client::builder().timeout(ANSWER_WITHIN).build().context("cannot make an HTTP client")?;
    let mut entries: Vec<Entry> = Vec::new();
    loop {
        let before = entries.last().map(|entry| entry.id);
        let page =
            page(&client, provider, before).await.context("cannot read the provider's ledger")?;
        let is_last = page.len() < PAGE;
        if let (Some(before), Some(newest)) = (before, page.first()) {
            ensure!(
                newest.id < before,
                "the provider answers with the same page of its ledger again"
            );
        }
        entries.extend(page);
        if is_last {
            entries.reverse();
            return Ok(entries);
        }
    }
}

async fn page(client: &Client, provider: &Url, before: Option<i64>) -> anyhow::Result<Vec<Entry>> {
    let mut url = provider.join("/ledger").context("the provider's URL cannot be extended")?;
    url.query_pairs_mut().append_pair("limit", &PAGE.to_string());
    if let Some(before) = before {
        url.query_pairs_mut().append_pair("before", &before.to_string());
    }
    let answer = client.get(url.clone()).send().await?;
    ensure!(answer.status().is_success(), "{url} answered {}", answer.status());
    answer.json().await.with_context(|| format!("{url} answered with something that is no ledger"))
}
