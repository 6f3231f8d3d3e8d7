//! A product that is in the cache, against the same answer made of nothing.

use std::process::Command;

use anyhow::{Context as _, ensure};
use ecotrack_servers::programs;
use ecotrack_stack::{
    Name, Shop, Stack,
    bench::{
        drive::{Target, drive, http},
        rounds::{Rounds, Scale, Side},
        statements,
    },
    report::Report,
};
use futures::future::try_join_all;

use crate::{baseline::Baseline, quiet::await_quiet, raw_redis};

/// CPU of a hit over CPU of the static answer.
const MOST: f64 = 1.6;
/// Hits whose commands are counted.
const HITS: u64 = 1_000;
/// Requests in a storm of misses.
const STORM: usize = 100;
/// Commands of connections, and our own: nothing of a request.
const OTHERS: [&str; 7] = ["auth", "client", "command", "flushall", "hello", "info", "ping"];

pub(crate) async fn run(stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
    // What was sold a moment ago ends what is cached.
    await_quiet(stack).await?;
    let id = Shop::of(stack)?.add_product(1).await?;
    let path = format!("/api/products/{id}");
    let ours = Target::of(stack.service(Name::ProductService)?, &path, None)?;
    let mut report =
        Report::new("cached product read against the same answer without anything behind it");
    let http = http()?;
    let reads = reads_of_a_storm(stack, &ours, &http).await?;
    report.equal(&format!("database reads in a storm of {STORM} misses"), &1, &reads);
    let commands = commands_of_hits(stack, &ours, &http).await?;
    report.equal(&format!("Redis commands of {HITS} hits"), &HITS, &commands);
    let answer = String::from_utf8(ours.ask(&http).await?)?;
    let baseline = Baseline::start(stack, &answer).await?;
    let fixed = baseline.target(&path, None)?;
    let finer = scale.finer();
    let rounds = Rounds::measure(finer.rounds, async |side| match side {
        Side::A => drive(&fixed, finer.time).await,
        Side::B => drive(&ours, finer.time).await,
    });
    rounds.await?.judge_cpu(scale, &mut report, MOST, ("static answer", "cached read"));
    let bare =
        raw_redis::cpu_of_reads(stack, &format!("ecotrack:cache:product:{id}"), scale).await?;
    report.noted("CPU s per 1,000, the same GET by redis' own client alone", &format!("{bare:.4}"));
    Ok(report)
}

/// How often the product is read when nothing is cached and all ask at once.
async fn reads_of_a_storm(
    stack: &Stack,
    product: &Target,
    http: &reqwest::Client,
) -> anyhow::Result<usize> {
    redis(stack, &["flushall"])?;
    let storm = async { try_join_all((0..STORM).map(|_| product.ask(http))).await };
    let (_, seen) = statements::during(stack, storm).await?;
    let is_read = |statement: &&statements::Statement| {
        statement.application == Name::ProductService.as_str()
            && statement.text.contains("from products")
    };
    Ok(seen.iter().filter(is_read).count())
}

/// Commands Redis worked on while a product was read that it holds.
async fn commands_of_hits(
    stack: &Stack,
    product: &Target,
    http: &reqwest::Client,
) -> anyhow::Result<u64> {
    product.ask(http).await?;
    let before = commands(stack)?;
    for _ in 0..HITS {
        product.ask(http).await?;
    }
    Ok(commands(stack)? - before)
}

fn commands(stack: &Stack) -> anyhow::Result<u64> {
    let said = redis(stack, &["info", "commandstats"])?;
    let counts = |line: &str| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        let is_ours = !OTHERS.contains(&name.split('|').next().unwrap_or(name));
        is_ours.then(|| rest.split(',').next()?.parse::<u64>().ok()).flatten()
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
