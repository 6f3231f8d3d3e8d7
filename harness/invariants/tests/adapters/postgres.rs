//! The services' tables.

use ecotrack_invariants::observed::Payload;
use ecotrack_invariants::source::postgres;
use sqlx::{AssertSqlSafe, Executor as _};
use uuid::Uuid;

use crate::server::database;
use crate::shop::{EVENT, ORDER, PAYMENT, PRODUCT, USER, migrate, sell};

#[tokio::test]
async fn the_tables_that_the_services_migrate_are_read() {
    let url = database().await;
    sell(&mut migrate(&url).await).await;
    let read = postgres::read(&postgres::connect(&url).unwrap()).await.unwrap();
    let order = &read.orders[0];
    assert_eq!(
        (order.id.to_string().as_str(), order.status.as_str(), order.total_minor),
        (ORDER, "created", 4980)
    );
    assert_eq!(order.payment_id, PAYMENT.parse().ok());
    assert_eq!((order.items[0].quantity, order.items[0].unit_price_minor), (2, 2490));
    assert_eq!(read.order_history[0].status, "created");
    assert_eq!(
        (read.payments[0].id.to_string().as_str(), read.payments[0].status.as_str()),
        (PAYMENT, "pending")
    );
    assert_eq!(
        (read.kept_answers[0].service.as_str(), read.kept_answers[0].body.as_deref()),
        ("order_service", Some("{}"))
    );
    assert_eq!(read.users[0].to_string(), USER);
    assert_eq!(
        (read.inbox[0].consumer.as_str(), read.inbox[0].event_id.to_string().as_str()),
        ("product-service", EVENT)
    );
    assert_eq!(read.preferences[0].wanted, ["account", "security", "payments"]);
}

#[tokio::test]
async fn a_history_is_read_in_the_order_it_was_written_whatever_the_clocks_said() {
    let url = database().await;
    let mut connection = migrate(&url).await;
    sell(&mut connection).await;
    let sql = format!(
        "insert into order_service.order_history (id, order_id, status, changed_at)
             values (gen_random_uuid(), '{ORDER}', 'payment_pending', now() - interval '1 minute');
         insert into order_service.order_history (id, order_id, status, changed_at)
             values (gen_random_uuid(), '{ORDER}', 'paid', now() - interval '2 minutes')"
    );
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
    let history = postgres::read(&postgres::connect(&url).unwrap()).await.unwrap().order_history;
    let statuses: Vec<_> = history.iter().map(|entry| entry.status.as_str()).collect();
    assert_eq!(statuses, ["created", "payment_pending", "paid"]);
}

#[tokio::test]
async fn stock_adds_up_from_the_first_migration_on() {
    let url = database().await;
    sell(&mut migrate(&url).await).await;
    let read = postgres::read(&postgres::connect(&url).unwrap()).await.unwrap();
    let product = read.products.iter().find(|product| product.id.to_string() == PRODUCT).unwrap();
    assert_eq!(product.available + read.reservations[0].quantity, product.supplied);
    assert_eq!(read.reservations[0].status, "held");
}

#[tokio::test]
async fn an_outbox_row_says_whether_it_was_sent() {
    let url = database().await;
    let mut connection = migrate(&url).await;
    sell(&mut connection).await;
    let pool = postgres::connect(&url).unwrap();
    let row = postgres::read(&pool).await.unwrap().outbox.remove(0);
    assert_eq!(
        (row.service.as_str(), row.event_type.as_str(), row.is_sent),
        ("order_service", "OrderCreatedEvent", false)
    );
    assert_eq!(row.payload, Payload::Text(format!("{{\"order_id\": \"{ORDER}\"}}")));
    connection.execute("update order_service.outbox set sent_at = now()").await.unwrap();
    assert!(postgres::read(&pool).await.unwrap().outbox[0].is_sent);
}

#[tokio::test]
async fn messages_are_unfinished_until_it_is_known_whether_they_arrived() {
    let url = database().await;
    let mut connection = migrate(&url).await;
    let pool = postgres::connect(&url).unwrap();
    for (status, left) in [("pending", 1), ("sent", 1), ("delivered", 0), ("failed", 0)] {
        connection.execute(AssertSqlSafe(notification(status))).await.unwrap();
        assert_eq!(postgres::unfinished(&pool).await.unwrap().len(), left, "{status}");
    }
}

fn notification(status: &str) -> String {
    format!(
        "insert into notification_service.notifications (id, user_id, event_id, channel, template, parameters, status, created_at, updated_at)
         values ('{EVENT}', '{USER}', '{EVENT}', 'email', 'welcome', '{{}}', '{status}', now(), now())
         on conflict (id) do update set status = excluded.status"
    )
}

#[tokio::test]
async fn waiting_events_and_open_payments_are_unfinished() {
    let url = database().await;
    let mut connection = migrate(&url).await;
    sell(&mut connection).await;
    let pool = postgres::connect(&url).unwrap();
    let left = postgres::unfinished(&pool).await.unwrap();
    assert_eq!(
        left,
        [
            "1 events wait in order_service.outbox".to_owned(),
            format!("1 pending in payment_service.payments, one is {PAYMENT}")
        ]
    );
    let done = "update order_service.outbox set sent_at = now(); update payment_service.payments set status = 'failed'";
    connection.execute(sqlx::raw_sql(AssertSqlSafe(done))).await.unwrap();
    assert_eq!(postgres::unfinished(&pool).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn orders_that_are_being_placed_are_unfinished() {
    let url = database().await;
    let mut connection = migrate(&url).await;
    let pool = postgres::connect(&url).unwrap();
    assert_eq!(postgres::unfinished(&pool).await.unwrap(), Vec::<String>::new());
    let attempt = format!(
        "insert into order_service.reservation_intents (order_id, user_id, due_at) values ('{ORDER}', '{USER}', now())"
    );
    connection.execute(AssertSqlSafe(attempt)).await.unwrap();
    assert_eq!(postgres::unfinished(&pool).await.unwrap(), ["1 orders are being placed"]);
    assert_eq!(postgres::read(&pool).await.unwrap().attempts, [ORDER.parse::<Uuid>().unwrap()]);
}

#[tokio::test]
async fn a_database_without_the_services_is_an_error_and_not_an_empty_world() {
    let pool = postgres::connect(&database().await).unwrap();
    assert!(
        postgres::unfinished(&pool)
            .await
            .unwrap_err()
            .to_string()
            .contains("no service has a table `outbox`")
    );
    assert!(postgres::read(&pool).await.is_err());
}
