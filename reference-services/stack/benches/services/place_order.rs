//! Placing orders, against the very statements of it repeated by pgbench.
//!
//! Compared are all statements that order-, product- and user-service execute between a customer's request and the answer, as
//! the server logs them for one order: the same transactions, one after another, with ids made anew. So what is measured is
//! what the services add: HTTP between customer and service and between services, tokens, JSON, Redis, telemetry, and the
//! events that follow, which on one machine take their share while orders are placed.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use ecotrack_stack::{
    Customer, Name, Shop, Stack,
    bench::{
        drive::{CLIENTS, repeat},
        latency::{Latencies, merged, millis},
        rounds::{Limit, Rounds, Scale, Side},
        script::{self, Stand},
        statements::{self, Statement},
        usage::{Processors, child_named, cpu_seconds_with_children, per_thousand},
    },
    report::Report,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use sqlx::{AssertSqlSafe, Connection as _};
use uuid::Uuid;

use crate::{pgbench::Pgbench, quiet::await_quiet};

/// Orders a second over pgbench's transactions a second.
const LEAST: f64 = 0.70;
/// Whose statements are part of placing an order.
const PLACING: [Name; 3] = [Name::OrderService, Name::ProductService, Name::UserService];
/// Their schemas; no table that they use for it is in two.
const SCHEMAS: &str = "order_service,product_service,user_service";
/// Pieces of each product: more than are ordered.
const STOCK: u32 = 100_000;
/// How many register side by side.
const REGISTERING: usize = 4;
/// The lock of order-service's relay: whoever has it sends events, so nobody sends those that pgbench writes.
const RELAY: &str = "hashtextextended('order_service' || 'outbox-relay', 0)";
/// Whose use of CPU is told.
const PROCESSES: [&str; 9] = [
    "order-service",
    "product-service",
    "user-service",
    "postgres",
    "redis-server",
    "java",
    "notification-service",
    "payment-service",
    "provider-sandbox",
];

/// What a side came to in one go.
struct Placed {
    per_second: f64,
    busy: f64,
    latencies: Latencies,
    /// CPU seconds by process, per 1,000 orders.
    cpu: BTreeMap<&'static str, f64>,
}

pub(crate) async fn run(stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
    let market = Market::open(stack, scale.pick(64, CLIENTS)).await?;
    let (statements, key) = market.statements().await?;
    let script = script::of(&statements, &market.stand(&key));
    let pgbench = Pgbench::new(stack, &script, SCHEMAS)?;
    let mut round = 0;
    let rounds = Rounds::measure(scale.rounds, async |side| {
        round += 1;
        await_quiet(stack).await?;
        match side {
            Side::A => market.repeat(&pgbench, scale.time, round).await,
            Side::B => market.place(scale.time).await,
        }
    });
    report(scale, &rounds.await?, &statements)
}

fn report(
    scale: &Scale,
    rounds: &Rounds<Placed>,
    statements: &[Statement],
) -> anyhow::Result<Report> {
    let mut report = Report::new(
        "placing orders against pgbench with the very statements of order-, product- and user-service for one order, 8 clients",
    );
    for process in PROCESSES {
        let cpu = rounds.ratio(|placed| placed.cpu.get(process).copied().unwrap_or_default());
        let shown = format!("{:.2} (pgbench's: {:.2})", cpu.b, cpu.a);
        report.noted(&format!("CPU s per 1,000 orders, {process}"), &shown);
    }
    let per_second = rounds.ratio(|placed| placed.per_second);
    let name = "orders over pgbench's transactions a second";
    scale.judge_ratio(&mut report, name, Limit::AtLeast(LEAST), &per_second);
    report.noted("orders a second", &format!("{:.0}", per_second.b));
    report.noted("transactions of pgbench a second", &format!("{:.0}", per_second.a));
    let busy = rounds.ratio(|placed| placed.busy * 100.0);
    report.noted("processors busy", &format!("{:.0} % (pgbench: {:.0} %)", busy.b, busy.a));
    let latencies = merged(rounds.b.iter().map(|placed| &placed.latencies))?;
    let (p50, p99) = (latencies.quantile(0.5), latencies.quantile(0.99));
    report.noted("placing an order, p50 and p99", &format!("{} and {}", millis(p50), millis(p99)));
    let commits =
        statements.iter().filter(|statement| statement.text.eq_ignore_ascii_case("commit")).count();
    report.noted(
        "statements, and commits among them",
        &format!("{} and {commits}", statements.len()),
    );
    Ok(report)
}

/// Customers, and a product for each so that they do not wait for each other.
struct Market<'a> {
    stack: &'a Stack,
    shop: Shop,
    stands: Vec<(Customer, Uuid)>,
    next: AtomicU64,
}

impl<'a> Market<'a> {
    async fn open(stack: &'a Stack, stands: usize) -> anyhow::Result<Self> {
        let shop = Shop::of(stack)?;
        let stands = stream::iter(0..stands)
            .map(|_| async {
                anyhow::Ok((stack.accounts().register().await?, shop.add_product(STOCK).await?))
            })
            .buffer_unordered(REGISTERING)
            .try_collect()
            .await?;
        Ok(Self { stack, shop, stands, next: AtomicU64::new(0) })
    }

    /// Places one order of a stand.
    async fn order(&self, stand: usize) -> anyhow::Result<(Uuid, String)> {
        let (customer, product) = self.stands.get(stand).context("no such customer")?;
        let key = format!("bench-{}", self.next.fetch_add(1, Ordering::Relaxed));
        let order = self.shop.order(customer, *product, &key).await?.created()?;
        let id = order["order_id"].as_str().context("an order without id")?;
        Ok((id.parse()?, key))
    }

    /// Places orders in closed loops, then waits for what follows from them: it is part of what they cost.
    async fn place(&self, time: Duration) -> anyhow::Result<Placed> {
        let each = self.stands.len() / CLIENTS;
        let (began, used, processors) = (Instant::now(), used()?, Processors::now()?);
        let work = async |client: usize| {
            let turn = usize::try_from(self.next.load(Ordering::Relaxed))? % each;
            self.order(client * each + turn).await.map(drop)
        };
        let latencies = repeat(CLIENTS, time, work).await?;
        let (elapsed, busy) = (began.elapsed(), processors.busy_since()?);
        await_quiet(self.stack).await?;
        let count = f64::from(u32::try_from(latencies.count())?);
        let per_second = count / elapsed.as_secs_f64();
        Ok(Placed { per_second, busy, latencies, cpu: spent(&used, count)? })
    }

    /// Has pgbench repeat the statements. What it wrote is removed before anybody else sees it.
    async fn repeat(
        &self,
        pgbench: &Pgbench,
        time: Duration,
        round: usize,
    ) -> anyhow::Result<Placed> {
        let mut connection = self.stack.postgres().connect("ecotrack").await?;
        // Waits for the relay's turn to end.
        let lock = AssertSqlSafe(format!("select pg_advisory_lock({RELAY})"));
        sqlx::raw_sql(lock).execute(&mut connection).await?;
        let (used, processors) = (used()?, Processors::now()?);
        let done = pgbench.run(time.as_secs().max(1), round).await?;
        let (busy, cpu) =
            (processors.busy_since()?, spent(&used, f64::from(u32::try_from(done.count)?))?);
        let first = format!("{}0000-0000-0000-0000-000000000000", script::FRESH);
        let made = "select count(*) from order_service.orders where id > $1::uuid";
        let orders: i64 = sqlx::query_scalar(made).bind(&first).fetch_one(&mut connection).await?;
        // Those that were cut off at the end count for nobody.
        ensure!(
            u64::try_from(orders)? >= done.count,
            "{} transactions made {orders} orders",
            done.count
        );
        sqlx::raw_sql(AssertSqlSafe(forget(&first))).execute(&mut connection).await?;
        // The lock goes with the session.
        connection.close().await?;
        Ok(Placed { per_second: done.per_second, busy, latencies: Latencies::new()?, cpu })
    }

    /// What the three services ask the database for while one order is placed.
    /// And under which key.
    async fn statements(&self) -> anyhow::Result<(Vec<Statement>, String)> {
        // The first order of a customer warms caches.
        self.order(0).await?;
        await_quiet(self.stack).await?;
        let ((order, key), seen) = statements::during(self.stack, self.order(0)).await?;
        let (customer, _) = self.stands.first().context("no customer")?;
        let marks = [order.to_string(), key.clone(), customer.user_id.to_string()];
        let is_of_it = |group: &Vec<Statement>| {
            let is_placing = |statement: &Statement| {
                PLACING.iter().any(|name| name.as_str() == statement.application)
            };
            let values = group.iter().flat_map(|statement| statement.parameters.iter().flatten());
            group.iter().all(is_placing) && values.into_iter().any(|value| marks.contains(value))
        };
        let groups: Vec<_> = statements::transactions(seen).into_iter().filter(is_of_it).collect();
        ensure!(groups.len() > 1, "an order was placed in {} transactions", groups.len());
        Ok((groups.into_iter().flatten().collect(), key))
    }

    /// What stands for customer, product and key in the script: those of each client in turn.
    fn stand(&self, key: &str) -> Stand {
        let Some((customer, product)) = self.stands.first() else { return Stand::default() };
        let list = |of: fn(&(Customer, Uuid)) -> Uuid| {
            self.stands.iter().map(|stand| of(stand).to_string()).collect::<Vec<_>>()
        };
        let one_of = |of| script::one_of(&list(of), CLIENTS);
        let ids = [
            (customer.user_id, one_of(|stand| stand.0.user_id)),
            (customer.session_id, one_of(|stand| stand.0.session_id)),
            (*product, one_of(|stand| stand.1)),
        ];
        let fresh = format!("'bench-' || {}", script::turn());
        Stand { ids: ids.into(), texts: [(key.to_owned(), fresh)].into() }
    }
}

/// Removes what pgbench wrote, past the triggers that keep services from it.
fn forget(first: &str) -> String {
    let of_orders = ["order_items", "order_history"]
        .map(|table| format!("delete from order_service.{table} where order_id > '{first}';"));
    format!(
        "set session_replication_role = replica; {} \
         delete from order_service.outbox where event_id > '{first}'; \
         delete from order_service.orders where id > '{first}'; \
         delete from order_service.idempotency_keys where subject_id > '{first}'; \
         delete from product_service.reservations where order_id > '{first}'",
        of_orders.concat()
    )
}

/// CPU seconds of every process so far.
fn used() -> anyhow::Result<BTreeMap<&'static str, f64>> {
    let of = |name| anyhow::Ok((name, cpu_seconds_with_children(child_named(name)?)?));
    PROCESSES.into_iter().map(of).collect()
}

/// What was used since, per 1,000 orders.
fn spent(
    before: &BTreeMap<&'static str, f64>,
    orders: f64,
) -> anyhow::Result<BTreeMap<&'static str, f64>> {
    let of = |(name, now): (&'static str, f64)| {
        (name, per_thousand(now - before.get(name).copied().unwrap_or_default(), orders))
    };
    Ok(used()?.into_iter().map(of).collect())
}
