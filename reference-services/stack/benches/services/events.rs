//! From the commit of an order to the commit of what notification-service does about it, against a record that is produced and
//! consumed with the client library alone.
//!
//! Triggers tell of the commits: PostgreSQL says them to whoever listens when they are done, in one session, so that both ends
//! are read off one clock.

use std::{
    fs::File,
    io::Write as _,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use ecotrack_stack::{
    Customer, Name, Shop, Stack,
    bench::{
        latency::{Latencies, merged, millis},
        rounds::{Limit, Rounds, Scale, Side},
        usage::{cpu_seconds, per_thousand},
    },
    report::Report,
};
use sqlx::postgres::PgListener;
use uuid::Uuid;

use crate::{quiet::await_quiet, raw_kafka::RawKafka};

/// p50 of ours over p50 of the library alone, one fsync aside.
const MOST: f64 = 2.0;
/// What a database writes at once.
const PAGE: usize = 8 * 1024;
const FSYNCS: usize = 200;
/// Longest that an event may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// So many that each partition has an event of theirs. A partition whose consumer was killed just now is read again when the broker has
/// missed it for ten seconds, which is nothing to be measured.
const FIRST_ORDERS: u32 = 20;
const CHANNEL: &str = "bench";
const TELL: &str = "
    create schema bench;
    create function bench.tell() returns trigger language plpgsql as $$
        begin perform pg_notify('bench', tg_table_schema || ' ' || new.event_id); return new; end $$;
    create trigger bench after insert on order_service.outbox
        for each row execute function bench.tell();
    create trigger bench after insert on notification_service.inbox
        for each row execute function bench.tell();
    create trigger bench after insert on product_service.inbox
        for each row execute function bench.tell()";
const BE_SILENT: &str = "drop schema bench cascade";

/// What events cost, and how long they took to be handled, by whom.
struct Handled {
    cpu: f64,
    by_notifications: Latencies,
    by_products: Latencies,
}

pub(crate) async fn run(stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
    let events = scale.pick(100, 10);
    let raw = RawKafka::start(stack).await?;
    let mut orders = Orders::open(stack).await?;
    let mut connection = stack.postgres().connect("ecotrack").await?;
    sqlx::raw_sql(TELL).execute(&mut connection).await?;
    let ours = stack.service(Name::NotificationService)?.process_id()?;
    let rounds = Rounds::measure(scale.rounds, async |side| {
        // The library alone is in this process.
        let process = if side == Side::A { std::process::id() } else { ours };
        let used = cpu_seconds(process)?;
        let (by_notifications, by_products) = match side {
            Side::A => (raw.carry(events).await?, Latencies::new()?),
            Side::B => orders.place(events).await?,
        };
        let cpu = per_thousand(cpu_seconds(process)? - used, f64::from(u32::try_from(events)?));
        Ok(Handled { cpu, by_notifications, by_products })
    })
    .await;
    sqlx::raw_sql(BE_SILENT).execute(&mut connection).await?;
    report(stack, scale, &rounds?)
}

fn report(stack: &Stack, scale: &Scale, rounds: &Rounds<Handled>) -> anyhow::Result<Report> {
    let fsync = fsync(stack)?;
    let p50 = |handled: &Handled| handled.by_notifications.quantile(0.5).as_secs_f64() * 1e3;
    let ratio = rounds.ratio(p50);
    let most = MOST.mul_add(ratio.a, fsync.as_secs_f64() * 1e3);
    let mut report = Report::new(
        "commit of an order to commit of its handling, against rdkafka alone produce to consume (same settings, SASL and TLS)",
    );
    let cpu = rounds.ratio(|handled| handled.cpu);
    report.noted("CPU s per 1,000 events, notification-service", &format!("{:.3}", cpu.b));
    report.noted("of rdkafka alone, producing and consuming", &format!("{:.3}", cpu.a));
    let (name, shown) = ("p50, notification-service", format!("{:.2} ms", ratio.b));
    scale.judge(&mut report, name, Limit::AtMost((most * 100.0).round() / 100.0), ratio.b, &shown);
    report.noted(
        "p50, rdkafka alone",
        &format!("{:.2} ms (noise {:.0} %)", ratio.a, ratio.noise * 100.0),
    );
    report.noted("fsync of a page, p50", &millis(fsync));
    let all = merged(rounds.b.iter().map(|handled| &handled.by_notifications))?;
    let products = merged(rounds.b.iter().map(|handled| &handled.by_products))?;
    report.noted("p99, notification-service", &millis(all.quantile(0.99)));
    report.noted("p50, product-service", &millis(products.quantile(0.5)));
    report.noted("events", &all.count().to_string());
    Ok(report)
}

/// What it takes the disk of the database to keep a page.
fn fsync(stack: &Stack) -> anyhow::Result<Duration> {
    let mut seen = Latencies::new()?;
    let mut file = File::create(stack.folder().join("fsync"))?;
    for _ in 0..FSYNCS {
        let began = Instant::now();
        file.write_all(&[0; PAGE])?;
        file.sync_data()?;
        seen.record(began.elapsed());
    }
    Ok(seen.quantile(0.5))
}

/// A customer who orders one thing after another, and whoever listens to the database.
struct Orders {
    shop: Shop,
    customer: Customer,
    product: Uuid,
    listener: PgListener,
}

impl Orders {
    async fn open(stack: &Stack) -> anyhow::Result<Self> {
        let (shop, customer) = (Shop::of(stack)?, stack.accounts().register().await?);
        let product = shop.add_product(10_000).await?;
        for number in 0..FIRST_ORDERS {
            shop.order(&customer, product, &format!("events-{number}")).await?.created()?;
        }
        await_quiet(stack).await?;
        let mut listener = PgListener::connect(&stack.postgres().admin_url("ecotrack")).await?;
        listener.listen(CHANNEL).await?;
        Ok(Self { shop, customer, product, listener })
    }

    /// How long notification-service took, and product-service.
    async fn place(&mut self, count: usize) -> anyhow::Result<(Latencies, Latencies)> {
        let (mut by_notifications, mut by_products) = (Latencies::new()?, Latencies::new()?);
        for _ in 0..count {
            let key = Uuid::new_v4().to_string();
            let order = self.shop.order(&self.customer, self.product, &key);
            let (reply, seen) = tokio::try_join!(order, watch(&mut self.listener))?;
            reply.created()?;
            by_notifications.record(seen.0);
            by_products.record(seen.1);
        }
        Ok((by_notifications, by_products))
    }
}

/// From the next event's commit to that of its handling by notification-service and by product-service.
async fn watch(listener: &mut PgListener) -> anyhow::Result<(Duration, Duration)> {
    let (mut committed, mut by_notifications, mut by_products) = (None, None, None);
    loop {
        let told = tokio::time::timeout(PATIENCE, listener.recv());
        let told = told.await.context("an event was not handled in time")??;
        let (schema, event) = told.payload().split_once(' ').context("not what was told")?;
        let now = Instant::now();
        match &committed {
            None if schema == Name::OrderService.schema() => {
                committed = Some((event.to_owned(), now));
            }
            Some((id, since)) if id == event => {
                let took = now - *since;
                if schema == Name::NotificationService.schema() {
                    by_notifications = Some(took);
                } else {
                    by_products = Some(took);
                }
            }
            _ => {}
        }
        if let (Some(notifications), Some(products)) = (by_notifications, by_products) {
            return Ok((notifications, products));
        }
    }
}
