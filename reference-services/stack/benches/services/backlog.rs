//! A backlog of the outbox on its way to Kafka, against Kafka's own producer test.

use std::{fs, time::Duration};

use anyhow::{Context as _, ensure};
use ecotrack_servers::{patience::eventually, process::Program, programs};
use ecotrack_stack::{
    Name, Shop, Stack,
    bench::{
        rounds::{Limit, Rounds, Scale, Side},
        usage::{child_named, cpu_seconds, cpu_seconds_of_ended, per_thousand},
    },
    report::Report,
};
use sqlx::PgConnection;
use tokio::sync::Mutex;

use crate::{
    quiet::await_quiet,
    raw_kafka::{TOPIC, make_topic},
};

/// Events a second over the producer test's records a second.
const LEAST: f64 = 0.5;
const DEADLINE: Duration = Duration::from_mins(1);
/// What copies in the outbox go by. Of all topics, nobody consumes that of notifications: only the way to Kafka is measured.
const COPIES: &str = "key like 'bench-%'";
const COPY: &str = "insert into notification_service.outbox (event_id, topic, key, headers, payload)
    select gen_random_uuid(), topic, 'bench-' || turn, headers, payload
    from (select * from notification_service.outbox where sent_at is not null limit 1) as event, generate_series(1, $1) as turn";
/// Rows are marked by the batch, with the time the batch began: all but the last have an end, which is the next one's beginning.
/// That time is looked up in a subquery, which is run once. Joined, it was run anew for each row whenever the planner had not heard of
/// the copies yet.
const RATE: &str = "select coalesce(
        (count(*) filter (where sent_at < (select max(sent_at) from notification_service.outbox where key like 'bench-%'))
            / nullif(extract(epoch from max(sent_at) - min(sent_at)), 0))::float8, 'NaN')
    from notification_service.outbox where key like 'bench-%'";
const SIZE: &str = "select (octet_length(payload) + octet_length(headers::text))::int from notification_service.outbox
    where sent_at is not null limit 1";

/// What a side came to in one go.
struct Sent {
    per_second: f64,
    cpu: f64,
}

pub(crate) async fn run(stack: &Stack, scale: &Scale) -> anyhow::Result<Report> {
    let count = scale.pick(50_000, 2_000);
    let mut connection = stack.postgres().connect("ecotrack").await?;
    notify_somebody(stack).await?;
    make_topic(stack).await?;
    let size: i32 = sqlx::query_scalar(SIZE).fetch_one(&mut connection).await?;
    let test = ProducerTest::new(stack, count, size)?;
    let rounds = Rounds::measure(scale.rounds.div_ceil(2), async |side| match side {
        Side::A => {
            let used = cpu_seconds_of_ended()?;
            let per_second = test.run().await?;
            let cpu = per_thousand(cpu_seconds_of_ended()? - used, f64::from(count));
            Ok(Sent { per_second, cpu })
        }
        Side::B => drain(stack, &mut connection, count).await,
    })
    .await?;
    let mut report = Report::new(&format!(
        "a backlog of {count} events in the outbox, against Kafka's own producer test with records of the same size, acks=all"
    ));
    let cpu = rounds.ratio(|sent| sent.cpu);
    report.noted("CPU s per 1,000 events, notification-service", &format!("{:.4}", cpu.b));
    report.noted("of the producer test, with its start", &format!("{:.4}", cpu.a));
    let per_second = rounds.ratio(|sent| sent.per_second);
    scale.judge_ratio(
        &mut report,
        "events over the test's records a second",
        Limit::AtLeast(LEAST),
        &per_second,
    );
    report.noted("events a second", &format!("{:.0}", per_second.b));
    report.noted("records a second of the producer test", &format!("{:.0}", per_second.a));
    report.noted("bytes of a record", &size.to_string());
    Ok(report)
}

/// Leaves at least one event in the outbox that can be copied.
async fn notify_somebody(stack: &Stack) -> anyhow::Result<()> {
    let (shop, customer) = (Shop::of(stack)?, stack.accounts().register().await?);
    shop.order(&customer, shop.add_product(1).await?, "backlog").await?;
    await_quiet(stack).await
}

/// Fills the outbox and waits until it is empty.
async fn drain(stack: &Stack, connection: &mut PgConnection, count: i32) -> anyhow::Result<Sent> {
    let process = stack.service(Name::NotificationService)?.process_id()?;
    let used = cpu_seconds(process)?;
    sqlx::query(COPY).bind(count).execute(&mut *connection).await?;
    let shared = Mutex::new(&mut *connection);
    eventually(DEADLINE, || async {
        let mut connection = shared.lock().await;
        // The index holds what is pending in order: the first of it is cheap to ask for.
        let first = "select position from notification_service.outbox where sent_at is null order by position limit 1";
        let first: Option<i64> = sqlx::query_scalar(first).fetch_optional(&mut **connection).await?;
        ensure!(first.is_none(), "events are pending");
        Ok(())
    })
    .await?;
    let spent = cpu_seconds(process)? - used;
    let per_second: f64 = sqlx::query_scalar(RATE).fetch_one(&mut *connection).await?;
    let copies =
        sqlx::AssertSqlSafe(format!("delete from notification_service.outbox where {COPIES}"));
    let removed = sqlx::query(copies).execute(connection).await?.rows_affected();
    ensure!(i32::try_from(removed)? == count, "{removed} events of {count} were sent");
    Ok(Sent { per_second, cpu: per_thousand(spent, f64::from(count)) })
}

/// `kafka-producer-perf-test`, from the broker's own jars.
struct ProducerTest {
    program: Program,
}

impl ProducerTest {
    fn new(stack: &Stack, count: i32, size: i32) -> anyhow::Result<Self> {
        let (config, log) = (
            stack.folder().join("producer.properties"),
            stack.folder().join("log/producer-test.log"),
        );
        fs::write(&config, properties(stack)).context("cannot write the test's settings")?;
        let (count, size) = (count.to_string(), size.to_string());
        let program = Program::new(programs::on_path("java", "default-jre-headless")?, log)
            .args(["-cp".to_owned(), class_path()?])
            .args([
                "org.apache.kafka.tools.ProducerPerformance",
                "--topic",
                TOPIC,
                "--throughput",
                "-1",
            ])
            .args(["--num-records", &count, "--record-size", &size, "--producer.config"])
            .args([config]);
        Ok(Self { program })
    }

    /// Records a second.
    async fn run(&self) -> anyhow::Result<f64> {
        let log = &self.program.log;
        fs::remove_file(log).ok();
        self.program.run().await?;
        let said = fs::read_to_string(log)?;
        let last = said.lines().rfind(|line| line.contains("records/sec"));
        // `50000 records sent, 81234.5 records/sec (…`
        let rate =
            last.and_then(|line| line.split(", ").nth(1)?.split_whitespace().next()?.parse().ok());
        rate.with_context(|| format!("no rate in {}", log.display()))
    }
}

/// Durable, and by the door that services take.
fn properties(stack: &Stack) -> String {
    let (broker, password) = (stack.kafka().secured(), stack.kafka().password());
    let ca = stack.folder().join("certificates/ca.crt");
    format!(
        "bootstrap.servers={broker}\nacks=all\nsecurity.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-512\n\
         sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"{}\" password=\"{password}\";\n\
         ssl.truststore.type=PEM\nssl.truststore.location={}\n",
        Name::OrderService,
        ca.display()
    )
}

/// Where the broker has its jars from.
fn class_path() -> anyhow::Result<String> {
    let broker = i32::try_from(child_named("java")?)?;
    let arguments = procfs::process::Process::new(broker)?.cmdline()?;
    let after = arguments.iter().skip_while(|argument| *argument != "-cp").nth(1);
    after.cloned().context("the broker has no class path")
}
