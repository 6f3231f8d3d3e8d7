//! A product that is in the cache, against an answer that is made of nothing.

use std::process::Command;

use anyhow::{Context as _, ensure};
use futures::future::try_join_all;

use super::{
    drive::drive,
    rounds::{Rounds, Scale, Side},
};
use crate::{
    name::Name,
    patience::eventually,
    programs,
    report::Report,
    shop::Shop,
    stack::{Stack, client},
};

/// CPU of a hit over CPU of the static answer.
const LIMIT: f64 = 1.6;
/// The static answer: the same layers around it, nothing behind it.
const STATIC: &str = "/.well-known/jwks.json";
/// Hits whose commands are counted.
const HITS: u64 = 1_000;
/// Requests in a storm of misses.
const STORM: usize = 100;

pub(super) async fn run(stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
    let (products, users) =
        (stack.service(Name::ProductService)?, stack.service(Name::UserService)?);
    let product = Shop::of(stack)?.add_product(1).await?;
    let path = format!("/api/products/{product}");
    let mut report = Report::new("cached product read against a static answer");
    let storm = queries_of_a_storm(stack, &path).await?;
    report.judged(
        &format!("database reads in a storm of {STORM} misses"),
        "1",
        &storm.to_string(),
        storm == 1,
    );
    let commands = commands_of_hits(stack, &path).await?;
    report.judged(
        &format!("Redis commands of {HITS} hits"),
        &HITS.to_string(),
        &commands.to_string(),
        commands == HITS,
    );
    let rounds = Rounds::measure(scale, async |side| match side {
        Side::A => drive(users, STATIC, None, scale.time).await,
        Side::B => drive(products, &path, None, scale.time).await,
    })
    .await?;
    rounds.judge(&mut report, LIMIT, ("static answer", "cached read"));
    Ok(report)
}

/// How often the table of products is read by its key when nothing is cached and all ask at once.
async fn queries_of_a_storm(stack: &Stack, path: &str) -> anyhow::Result<i64> {
    redis(stack, &["flushall"])?;
    let url = stack.service(Name::ProductService)?.base().join(path)?;
    let http = client()?;
    let before = reads(stack).await?;
    try_join_all((0..STORM).map(|_| http.get(url.clone()).send())).await?;
    // The server tells its statistics when a session has been idle for a second.
    eventually(std::time::Duration::from_secs(15), || async {
        let seen = reads(stack).await? - before;
        ensure!(seen > 0, "no read is counted yet");
        Ok(seen)
    })
    .await
}

async fn reads(stack: &Stack) -> anyhow::Result<i64> {
    let mut connection = stack.postgres().connect("ecotrack").await?;
    let statement = "select coalesce(idx_scan, 0) from pg_stat_user_indexes
        where schemaname = 'product_service' and indexrelname = 'products_pkey'";
    Ok(sqlx::query_scalar(statement).fetch_one(&mut connection).await?)
}

/// Commands Redis worked on while a product was read that it holds.
async fn commands_of_hits(stack: &Stack, path: &str) -> anyhow::Result<u64> {
    let url = stack.service(Name::ProductService)?.base().join(path)?;
    let http = client()?;
    http.get(url.clone()).send().await?.error_for_status()?;
    let before = commands(stack)?;
    for _ in 0..HITS {
        http.get(url.clone()).send().await?.error_for_status()?;
    }
    Ok(commands(stack)? - before)
}

/// Commands that read or write values: connections also say hello.
fn commands(stack: &Stack) -> anyhow::Result<u64> {
    let said = redis(stack, &["info", "commandstats"])?;
    let counts = |line: &str| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let is_data = ["get", "mget", "set", "del", "exists", "expire"].contains(&name);
        is_data.then(|| rest.split(',').next()?.parse::<u64>().ok()).flatten()
    };
    Ok(said.lines().filter_map(counts).sum())
}

fn redis(stack: &Stack, arguments: &[&str]) -> anyhow::Result<String> {
    let done = Command::new(programs::on_path("redis-cli", "redis-tools")?)
        .args(["-u", &stack.redis().url(), "--insecure", "--no-auth-warning"])
        .args(arguments)
        .env("REDISCLI_AUTH", stack.redis().password())
        .output()
        .context("cannot start redis-cli")?;
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    ensure!(done.status.success() && !said.starts_with("NOAUTH"), "redis-cli failed: {said}");
    Ok(said)
}
