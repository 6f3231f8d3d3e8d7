//! The services' tables, in one read-only snapshot.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::types::Json;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, PgPool};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use uuid::Uuid;

use crate::contract::{PENDING_ORDER, SERVICES, UNFINISHED_NOTIFICATIONS, UNFINISHED_PAYMENTS};
use crate::observed::{
    Claim, Database, HistoryEntry, KeptAnswer, Notification, Order, OrderItem, OutboxRow, Payload,
    Payment, Preference, Product, Reservation,
};

/// Longest a connection may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const CONNECTIONS: u32 = 2;

/// A pool to a database; nothing is asked yet.
pub fn connect(url: &str) -> anyhow::Result<PgPool> {
    let options: PgConnectOptions = url.parse().context("the database URL cannot be read")?;
    let options = options.application_name("ecotrack-invariants");
    Ok(PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(CONNECT_WITHIN)
        .connect_lazy_with(options))
}

/// What is still under way in the tables, in sentences.
pub async fn unfinished(pool: &PgPool) -> anyhow::Result<Vec<String>> {
    let mut connection = pool.acquire().await.context("no connection to PostgreSQL")?;
    let mut left = Vec::new();
    for schema in with_table(&mut connection, "outbox").await? {
        let sql = format!("SELECT count(*) FROM {schema}.outbox WHERE sent_at IS NULL");
        let waiting: i64 =
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *connection).await?;
        if waiting > 0 {
            left.push(format!("{waiting} events wait in {schema}.outbox"));
        }
    }
    let attempts: i64 =
        sqlx::query_scalar("SELECT count(*) FROM order_service.reservation_intents")
            .fetch_one(&mut *connection)
            .await
            .context("cannot read order_service.reservation_intents")?;
    if attempts > 0 {
        left.push(format!("{attempts} orders are being placed"));
    }
    for (table, statuses) in [
        ("payment_service.payments", UNFINISHED_PAYMENTS.as_slice()),
        ("order_service.orders", &[PENDING_ORDER]),
        ("notification_service.notifications", &UNFINISHED_NOTIFICATIONS),
    ] {
        let sentences = waiting(&mut connection, table, statuses).await;
        left.extend(sentences.with_context(|| format!("cannot read {table}"))?);
    }
    Ok(left)
}

/// Rows of a table that will not stay as they are, one sentence per status.
async fn waiting(
    connection: &mut PgConnection,
    table: &str,
    statuses: &[&str],
) -> sqlx::Result<Vec<String>> {
    let sql = format!(
        "SELECT status, count(*), min(id::text) FROM {table} WHERE status = ANY($1) GROUP BY status ORDER BY status"
    );
    let waiting: Vec<(String, i64, String)> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(statuses).fetch_all(connection).await?;
    let sentence = |(status, count, one)| format!("{count} {status} in {table}, one is {one}");
    Ok(waiting.into_iter().map(sentence).collect())
}

/// Reads the tables.
pub async fn read(pool: &PgPool) -> anyhow::Result<Database> {
    let mut tx = pool.begin().await.context("no connection to PostgreSQL")?;
    sqlx::query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        .execute(&mut *tx)
        .await?;
    let database = Database {
        orders: orders(&mut tx).await.context("cannot read order_service.orders")?,
        order_history: order_history(&mut tx)
            .await
            .context("cannot read order_service.order_history")?,
        attempts: sqlx::query_scalar(
            "SELECT order_id FROM order_service.reservation_intents ORDER BY order_id",
        )
        .fetch_all(&mut *tx)
        .await
        .context("cannot read order_service.reservation_intents")?,
        payments: payments(&mut tx).await.context("cannot read payment_service.payments")?,
        kept_answers: kept_answers(&mut tx).await.context("cannot read idempotency_keys")?,
        products: products(&mut tx).await.context("cannot read product_service.products")?,
        reservations: reservations(&mut tx)
            .await
            .context("cannot read product_service.reservations")?,
        notifications: notifications(&mut tx)
            .await
            .context("cannot read notification_service.notifications")?,
        preferences: preferences(&mut tx)
            .await
            .context("cannot read notification_service.contact_preferences")?,
        users: sqlx::query_scalar("SELECT id FROM user_service.users ORDER BY id")
            .fetch_all(&mut *tx)
            .await
            .context("cannot read user_service.users")?,
        outbox: outbox(&mut tx).await.context("cannot read an outbox")?,
        inbox: inbox(&mut tx).await.context("cannot read an inbox")?,
    };
    tx.rollback().await?;
    Ok(database)
}

/// Schemas of services that have a table. Their names are ours, so they may stand in a statement.
async fn with_table(connection: &mut PgConnection, table: &str) -> anyhow::Result<Vec<String>> {
    let schemas: Vec<String> = sqlx::query_scalar(
        "SELECT table_schema::text FROM information_schema.tables WHERE table_name = $1 AND table_schema = ANY($2)
         ORDER BY 1",
    )
    .bind(table)
    .bind(SERVICES)
    .fetch_all(connection)
    .await?;
    anyhow::ensure!(
        !schemas.is_empty(),
        "no service has a table `{table}`: is this the services' database, and may this login see it?"
    );
    Ok(schemas)
}

#[derive(FromRow)]
struct OrderRow {
    id: Uuid,
    user_id: Uuid,
    status: String,
    total_amount: i64,
    currency: String,
    created_at: DateTime<Utc>,
    payment_id: Option<Uuid>,
}

async fn orders(connection: &mut PgConnection) -> anyhow::Result<Vec<Order>> {
    let items: Vec<(Uuid, Uuid, i32, i64)> = sqlx::query_as(
        "SELECT order_id, product_id, quantity, unit_price FROM order_service.order_items ORDER BY order_id, product_id",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut lines: HashMap<Uuid, Vec<OrderItem>> = HashMap::new();
    for (order_id, product_id, quantity, unit_price_minor) in items {
        let quantity = quantity.into();
        lines.entry(order_id).or_default().push(OrderItem {
            product_id,
            quantity,
            unit_price_minor,
        });
    }
    let rows: Vec<OrderRow> = sqlx::query_as(
        "SELECT id, user_id, status, total_amount, currency, created_at, payment_id FROM order_service.orders ORDER BY id",
    )
    .fetch_all(connection)
    .await?;
    let order = |row: OrderRow| Order {
        items: lines.remove(&row.id).unwrap_or_default(),
        id: row.id,
        user_id: row.user_id,
        status: row.status,
        total_minor: row.total_amount,
        currency: row.currency,
        created_at: row.created_at,
        payment_id: row.payment_id,
    };
    Ok(rows.into_iter().map(order).collect())
}

/// In the order of writing, whatever the clocks of two replicas say.
async fn order_history(connection: &mut PgConnection) -> anyhow::Result<Vec<HistoryEntry>> {
    let rows: Vec<(Uuid, String, Option<String>)> = sqlx::query_as(
        "SELECT order_id, status, notes FROM order_service.order_history ORDER BY position",
    )
    .fetch_all(connection)
    .await?;
    let entry = |(order_id, status, notes)| HistoryEntry { order_id, status, notes };
    Ok(rows.into_iter().map(entry).collect())
}

#[derive(FromRow)]
struct PaymentRow {
    id: Uuid,
    order_id: Uuid,
    user_id: Uuid,
    amount: i64,
    currency: String,
    status: String,
    provider_reference: Option<String>,
}

async fn payments(connection: &mut PgConnection) -> anyhow::Result<Vec<Payment>> {
    let rows: Vec<PaymentRow> = sqlx::query_as(
        "SELECT id, order_id, user_id, amount, currency, status, provider_reference FROM payment_service.payments
         ORDER BY id",
    )
    .fetch_all(connection)
    .await?;
    let payment = |row: PaymentRow| Payment {
        id: row.id,
        order_id: row.order_id,
        user_id: row.user_id,
        amount_minor: row.amount,
        currency: row.currency,
        status: row.status,
        provider_reference: row.provider_reference,
    };
    Ok(rows.into_iter().map(payment).collect())
}

#[derive(FromRow)]
struct KeptRow {
    user_id: Uuid,
    operation: String,
    key: String,
    subject_id: Uuid,
    status: Option<i32>,
    body: Option<String>,
}

async fn kept_answers(connection: &mut PgConnection) -> anyhow::Result<Vec<KeptAnswer>> {
    let mut kept = Vec::new();
    for service in with_table(connection, "idempotency_keys").await? {
        let sql = format!(
            "SELECT user_id, operation, key, subject_id, status, body FROM {service}.idempotency_keys ORDER BY created_at"
        );
        let rows: Vec<KeptRow> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut *connection).await?;
        kept.extend(rows.into_iter().map(|row| KeptAnswer {
            service: service.clone(),
            user_id: row.user_id,
            operation: row.operation,
            key: row.key,
            subject_id: row.subject_id,
            status: row.status,
            body: row.body,
        }));
    }
    Ok(kept)
}

async fn products(connection: &mut PgConnection) -> anyhow::Result<Vec<Product>> {
    let rows: Vec<(Uuid, i64, i64)> = sqlx::query_as(
        "SELECT id, stock::bigint, supplied FROM product_service.products ORDER BY id",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(id, available, supplied)| Product { id, available, supplied })
        .collect())
}

#[derive(FromRow)]
struct ReservationRow {
    order_id: Uuid,
    product_id: Uuid,
    quantity: i32,
    status: String,
    expires_at: Option<DateTime<Utc>>,
}

async fn reservations(connection: &mut PgConnection) -> anyhow::Result<Vec<Reservation>> {
    let rows: Vec<ReservationRow> = sqlx::query_as(
        "SELECT order_id, product_id, quantity, status, expires_at FROM product_service.reservations
         ORDER BY order_id, product_id",
    )
    .fetch_all(connection)
    .await?;
    let reservation = |row: ReservationRow| Reservation {
        order_id: row.order_id,
        product_id: row.product_id,
        quantity: row.quantity.into(),
        status: row.status,
        expires_at: row.expires_at,
    };
    Ok(rows.into_iter().map(reservation).collect())
}

async fn notifications(connection: &mut PgConnection) -> anyhow::Result<Vec<Notification>> {
    let rows: Vec<(Uuid, Uuid, Uuid, String, String)> = sqlx::query_as(
        "SELECT id, user_id, event_id, channel, status FROM notification_service.notifications ORDER BY id",
    )
    .fetch_all(connection)
    .await?;
    let notification = |(id, user_id, event_id, channel, status)| Notification {
        id,
        user_id,
        event_id,
        channel,
        status,
    };
    Ok(rows.into_iter().map(notification).collect())
}

async fn preferences(connection: &mut PgConnection) -> anyhow::Result<Vec<Preference>> {
    let rows: Vec<(Uuid, Vec<String>)> = sqlx::query_as(
        "SELECT user_id, email || sms FROM notification_service.contact_preferences ORDER BY user_id",
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(user_id, wanted)| Preference { user_id, wanted }).collect())
}

#[derive(FromRow)]
struct Outgoing {
    position: i64,
    event_id: Uuid,
    topic: String,
    key: String,
    headers: Json<BTreeMap<String, String>>,
    payload: Vec<u8>,
    is_sent: bool,
}

async fn outbox(connection: &mut PgConnection) -> anyhow::Result<Vec<OutboxRow>> {
    let mut outbox = Vec::new();
    for service in with_table(connection, "outbox").await? {
        let sql = format!(
            "SELECT position, event_id, topic, key, headers, payload, sent_at IS NOT NULL AS is_sent FROM {service}.outbox
             ORDER BY position"
        );
        let rows: Vec<Outgoing> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut *connection).await?;
        outbox.extend(rows.into_iter().map(|mut row| OutboxRow {
            service: service.clone(),
            position: row.position,
            event_id: row.event_id,
            topic: row.topic,
            key: row.key,
            event_type: row.headers.remove("ce_type").unwrap_or_default(),
            payload: Payload::of(&row.payload),
            is_sent: row.is_sent,
        }));
    }
    Ok(outbox)
}

async fn inbox(connection: &mut PgConnection) -> anyhow::Result<Vec<Claim>> {
    let mut inbox = Vec::new();
    for service in with_table(connection, "inbox").await? {
        let sql =
            format!("SELECT consumer, event_id FROM {service}.inbox ORDER BY consumer, event_id");
        let rows: Vec<(String, Uuid)> =
            sqlx::query_as(AssertSqlSafe(sql)).fetch_all(&mut *connection).await?;
        inbox.extend(rows.into_iter().map(|(consumer, event_id)| Claim { consumer, event_id }));
    }
    Ok(inbox)
}
