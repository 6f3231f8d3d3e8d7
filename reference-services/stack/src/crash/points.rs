//! Crashes at named points: where the code itself dies, as `kill -9` would, between two steps that must not come apart.

use std::{
    collections::BTreeMap,
    os::unix::process::ExitStatusExt as _,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use anyhow::Context as _;
use nix::sys::signal::Signal;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use sqlx::AssertSqlSafe;

use super::{load::Load, verdict::judge};
use crate::{name::Name, progress::Progress, report::Report, stack::Stack};

const VARIABLE: &str = "ECOTRACK_FAILPOINTS";
/// Longest a service under load may take to get to its point.
const HIT_WITHIN: Duration = Duration::from_mins(2);
/// At which of its first passes a point strikes: different states each time.
const PASSES: std::ops::RangeInclusive<u32> = 1..=4;

/// A named point, and who gets there.
#[derive(Debug, Clone, Copy)]
pub struct Point {
    /// Its name in the code.
    pub name: &'static str,
    /// The services that pass it; deaths are dealt out to them in turns.
    pub services: &'static [Name],
    /// What makes a service pass it.
    reached: Reached,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    /// The load.
    Load,
    /// New database credentials.
    Rotation,
    /// An empty schema; nobody may play meanwhile.
    Migration,
}

impl Point {
    /// The point of this name.
    pub fn named(name: &str) -> anyhow::Result<Self> {
        let point = POINTS.into_iter().find(|point| point.name == name);
        point.with_context(|| format!("no code passes a point `{name}`"))
    }
}

const fn under_load(name: &'static str, services: &'static [Name]) -> Point {
    Point { name, services, reached: Reached::Load }
}

const TELLERS: &[Name] =
    &[Name::UserService, Name::OrderService, Name::PaymentService, Name::NotificationService];
const LISTENERS: &[Name] = &[Name::OrderService, Name::ProductService, Name::NotificationService];

/// Every point. Migrations come first: schemas are emptied for them. Rotations come last: all services die at once for them, and by
/// then customers have registered.
pub const POINTS: [Point; 13] = [
    Point { name: "database.migration", services: &Name::SERVICES, reached: Reached::Migration },
    Point { name: "database.migrated", services: &Name::SERVICES, reached: Reached::Migration },
    under_load("order-service.reserved", &[Name::OrderService]),
    under_load("order-service.committed", &[Name::OrderService]),
    under_load("payment.opened", &[Name::PaymentService]),
    under_load("payment.charged", &[Name::PaymentService]),
    under_load("payment.refunded", &[Name::PaymentService]),
    under_load("notification.after-provider", &[Name::NotificationService]),
    under_load("outbox.read", TELLERS),
    under_load("outbox.acknowledged", TELLERS),
    under_load("inbox.claimed", LISTENERS),
    under_load("consumer.handled", LISTENERS),
    Point { name: "database.rotation", services: &Name::SERVICES, reached: Reached::Rotation },
];

/// Lets services die at each of `points`, `times` times, then judges. Wants binaries with the feature `failpoints`.
pub async fn at_points(
    stack: &Stack,
    points: &[Point],
    times: usize,
    seed: u64,
) -> anyhow::Result<(Report, String)> {
    let load = Load::on(stack, seed)?;
    let mut lane = Lane { stack, random: StdRng::seed_from_u64(seed), strikes: BTreeMap::new() };
    let (still, busy): (Vec<Point>, Vec<Point>) =
        points.iter().partition(|point| point.reached == Reached::Migration);
    lane.strike_all(&still, times).await?;
    load.during(lane.strike_all(&busy, times)).await?;
    let mut report = Report::new(&format!("crash points, seed {seed}"));
    for point in points {
        let strikes = lane.strikes.get(point.name).map(Vec::as_slice).unwrap_or_default();
        let hits = strikes.iter().filter(|strike| strike.is_ok()).count();
        let misses = strikes.iter().filter_map(|strike| strike.as_ref().err());
        let shown = misses.fold(hits.to_string(), |shown, miss| format!("{shown}; {miss}"));
        report.judged(point.name, &format!("{times} hits"), &shown, hits >= times);
    }
    let said = judge(stack, &load, &mut report).await?;
    Ok((report, said))
}

/// Lets one service die once at a point that the load reaches. Says whether it did: that nobody passes there is possible while
/// other faults last.
pub(super) async fn strike_once(stack: &Stack, name: &str, seed: u64) -> anyhow::Result<bool> {
    let mut random = StdRng::seed_from_u64(seed);
    let point = Point::named(name)?;
    let service = *point.services.choose(&mut random).context("nobody gets there")?;
    let strike = strike(stack, &point, service, random.random_range(PASSES)).await?;
    Ok(strike.is_ok())
}

/// A death at the point, or what happened instead.
type Strike = Result<(), String>;

struct Lane<'a> {
    stack: &'a Stack,
    random: StdRng,
    /// By point.
    strikes: BTreeMap<&'static str, Vec<Strike>>,
}

impl Lane<'_> {
    /// One point after another, each in all its services at once: the successor of a consumer that died waits until the broker
    /// gives it the partitions.
    async fn strike_all(&mut self, points: &[Point], times: usize) -> anyhow::Result<()> {
        for point in points {
            let progress = Mutex::new(Progress::of(&format!("strikes at {}", point.name), times));
            let strikes = self
                .passes(point, times)
                .into_iter()
                .map(|(name, passes)| strike_service(self.stack, point, name, passes, &progress));
            let strikes = futures::future::try_join_all(strikes).await?;
            self.strikes.insert(point.name, strikes.into_iter().flatten().collect());
        }
        Ok(())
    }

    /// At which pass each service dies, for each of its deaths: `times` of them altogether.
    fn passes(&mut self, point: &Point, times: usize) -> BTreeMap<Name, Vec<u32>> {
        let mut passes: BTreeMap<Name, Vec<u32>> = BTreeMap::new();
        for name in point.services.iter().cycle().take(times) {
            passes.entry(*name).or_default().push(self.random.random_range(PASSES));
        }
        passes
    }
}

/// Strikes a service once for each pass.
async fn strike_service(
    stack: &Stack,
    point: &Point,
    name: Name,
    passes: Vec<u32>,
    progress: &Mutex<Progress>,
) -> anyhow::Result<Vec<Strike>> {
    let mut strikes = Vec::new();
    for pass in passes {
        let strike = strike(stack, point, name, pass).await;
        strikes.push(strike.with_context(|| format!("{} of {name}", point.name))?);
        progress.lock().unwrap_or_else(PoisonError::into_inner).step();
    }
    Ok(strikes)
}

/// Starts a service with the point armed, waits until it has died of it, and starts it again.
async fn strike(stack: &Stack, point: &Point, name: Name, pass: u32) -> anyhow::Result<Strike> {
    let service = stack.service(name)?;
    service.kill()?;
    let pass = if point.reached == Reached::Load { pass } else { 1 };
    service.set_variable(VARIABLE, &format!("{}:{pass}", point.name));
    if point.reached == Reached::Migration {
        empty_schema(stack, name).await?;
    }
    service.start()?;
    if point.reached == Reached::Rotation {
        service.await_ready().await?;
        stack.rotate_login(name).await?;
    }
    let strike = match service.await_end(HIT_WITHIN).await {
        Ok(end) if end.signal() == Some(Signal::SIGKILL as i32) => Ok(()),
        Ok(end) => Err(format!("{name} ended in another way: {end}")),
        Err(error) => Err(format!("{error:#}")),
    };
    service.reap()?;
    service.set_variable(VARIABLE, "");
    service.start()?;
    service.await_ready().await?;
    Ok(strike)
}

async fn empty_schema(stack: &Stack, name: Name) -> anyhow::Result<()> {
    let (schema, mut connection) =
        (name.schema(), stack.postgres().connect(name.database()).await?);
    for statement in [
        format!("drop schema if exists {schema} cascade"),
        format!("create schema {schema} authorization {schema}"),
    ] {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
    }
    Ok(())
}
