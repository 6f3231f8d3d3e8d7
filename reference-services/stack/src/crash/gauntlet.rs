//! Everything that goes wrong in a bad hour, in a minute: what a bug must survive to go unnoticed.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use serde_json::{Value, json};

use super::{load::Load, points, verdict::judge};
use crate::{
    name::Name,
    patience::eventually,
    progress::Progress,
    race,
    report::Report,
    stack::{Stack, client},
};

/// Races before the faults: keys, requests at once; rounds, buyers, items.
const KEYS: usize = 20;
const PARALLEL: usize = 64;
const ROUNDS: usize = 3;
const BUYERS: usize = 50;
const ITEMS: u32 = 10;
/// Kinds of faults, which take turns.
const KINDS: usize = 5;
/// How long a fault lasts before the kill that ends it.
const FAULT: Duration = Duration::from_millis(1_500);
/// Rest between two faults, so that there is something to break.
const CALM: std::ops::Range<u64> = 300..1_500;
/// How often connections are cut while that lasts: a transaction takes a few milliseconds.
const CUT_EVERY: Duration = Duration::from_millis(50);
/// Longest a provider's answers are lost: there must be somebody who pays, and breakers may be open.
const SILENCE: Duration = Duration::from_secs(90);
/// How many are: of three in a row, after which the breaker opens, two are mostly of one payment that is tried again.
const LOST: u64 = 6;
/// After its usual minute the breaker would be closed for the first of these faults only.
const BREAKER: (&str, &str) = ("ECOTRACK_PROVIDER_BREAKER_OPEN_SECONDS", "1");
/// A field of charges alone: whoever looks for one gets an answer.
const CHARGES: &str = "payment_method";
/// Where services die by themselves.
const STRUCK: [&str; 5] = [
    "inbox.claimed",
    "consumer.handled",
    "outbox.acknowledged",
    "order-service.committed",
    "payment.charged",
];

/// Both races, then `faults` faults of all kinds under load, then the judges. Wants binaries with the feature `failpoints`.
pub async fn gauntlet(stack: &Stack, faults: usize, seed: u64) -> anyhow::Result<(Report, String)> {
    stack.service(Name::PaymentService)?.set_variable(BREAKER.0, BREAKER.1);
    kill(stack, Name::PaymentService).await?;
    let load = Load::on(stack, seed)?;
    let mut report = Report::new(&format!("{faults} faults of all kinds, seed {seed}"));
    let one_key = race::one_key(stack, KEYS, PARALLEL).await;
    took_place("one key", one_key, &mut report);
    let oversell = load.during(race::oversell(stack, ROUNDS, BUYERS, ITEMS)).await;
    took_place("oversell", oversell, &mut report);
    let toll = load.during(all_faults(stack, faults, seed)).await?;
    toll.tell(faults, &mut report);
    let said = judge(stack, &load, &mut report).await?;
    Ok((report, said))
}

/// A race that breaks off has found something too.
fn took_place(name: &str, race: anyhow::Result<Report>, report: &mut Report) {
    match race {
        Ok(race) => report.rows.extend(race.rows),
        Err(error) => {
            let is_found = error.downcast_ref::<race::AnswersDiffer>().is_some();
            let name = if is_found {
                format!("{name}: answers differ")
            } else {
                format!("{name} broke off")
            };
            report.judged(&name, "an outcome", &format!("{error:#}"), false);
        }
    }
}

/// What faults that need not hit anything have hit.
#[derive(Default)]
struct Toll {
    connections: u64,
    deaths: usize,
}

impl Toll {
    fn tell(&self, faults: usize, report: &mut Report) {
        let is_all = faults >= KINDS;
        let expected = if is_all { "at least 1" } else { "" };
        let hits = [
            ("connections that were cut", self.connections),
            ("deaths at crash points", self.deaths as u64),
        ];
        for (name, count) in hits {
            report.judged(name, expected, &count.to_string(), !is_all || count > 0);
        }
    }
}

async fn all_faults(stack: &Stack, faults: usize, seed: u64) -> anyhow::Result<Toll> {
    let mut toll = Toll::default();
    let mut random = StdRng::seed_from_u64(seed);
    let mut progress = Progress::of("faults", faults);
    for number in 0..faults {
        tokio::time::sleep(Duration::from_millis(random.random_range(CALM))).await;
        let name = *Name::SERVICES.choose(&mut random).context("no services")?;
        match number % KINDS {
            0 => kill(stack, name).await?,
            1 => deaf_broker(stack, name).await?,
            2 => lost_answers(stack, "stripe").await?,
            // Breakers open: nobody pays for half a minute.
            3 => toll.connections += cut_connections(stack).await?,
            _ => {
                let point = STRUCK.choose(&mut random).context("no points")?;
                toll.deaths +=
                    usize::from(points::strike_once(stack, point, random.random()).await?);
            }
        }
        progress.step();
    }
    Ok(toll)
}

async fn kill(stack: &Stack, name: Name) -> anyhow::Result<()> {
    let service = stack.service(name)?;
    service.kill()?;
    service.start()?;
    service.await_ready().await.map(drop)
}

/// The broker takes nothing and answers nothing; whoever waits for it is killed meanwhile.
async fn deaf_broker(stack: &Stack, name: Name) -> anyhow::Result<()> {
    stack.kafka().pause()?;
    tokio::time::sleep(FAULT).await;
    let killed = kill(stack, name).await;
    stack.kafka().resume()?;
    killed
}

/// Every transaction under way is lost, again and again. Says how many connections that were.
async fn cut_connections(stack: &Stack) -> anyhow::Result<u64> {
    let mut connection = stack.postgres().connect("ecotrack").await?;
    let cut = "select pg_terminate_backend(pid) from pg_stat_activity where usename like 'v-%'";
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < FAULT {
        count += sqlx::query(cut).execute(&mut connection).await?.rows_affected();
        tokio::time::sleep(CUT_EVERY).await;
    }
    Ok(count)
}

/// The provider does what it is asked and then says nothing, until that has befallen enough charges.
async fn lost_answers(stack: &Stack, provider: &str) -> anyhow::Result<()> {
    let base = stack.service(Name::ProviderSandbox)?.base();
    let (client, faults) = (client()?, base.join(&format!("/faults/{provider}"))?);
    let fault = json!({"mode": "reset", "ttl_seconds": SILENCE.as_secs(), "match": CHARGES});
    client.put(faults.clone()).json(&fault).send().await?.error_for_status()?;
    let befallen = eventually(SILENCE, || async {
        let answer = client.get(base.join("/faults")?).send().await?.error_for_status()?;
        let armed: Value = answer.json().await?;
        let hits = armed["faults"][0]["hits"].as_u64().unwrap_or_default();
        ensure!(hits >= LOST, "{hits} of {LOST} charges lost their answer");
        Ok(())
    });
    befallen.await.with_context(|| format!("{provider}'s silence befell too few"))?;
    client.delete(faults).send().await?.error_for_status()?;
    Ok(())
}
