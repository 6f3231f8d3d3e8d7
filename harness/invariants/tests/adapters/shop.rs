//! A small shop's tables, made by the services' own migrations, with one paid order in them.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

pub(crate) const USER: &str = "01900000-0000-7000-8000-00000000aaaa";
pub(crate) const ORDER: &str = "01900000-0000-7000-8000-00000000bbbb";
pub(crate) const PAYMENT: &str = "01900000-0000-7000-8000-00000000cccc";
pub(crate) const PRODUCT: &str = "01900000-0000-7000-8000-000000000001";
pub(crate) const EVENT: &str = "01900000-0000-7000-8000-00000000dddd";

/// Makes every service's schema as the services do.
pub(crate) async fn migrate(url: &str) -> PgConnection {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference-services");
    for service in ["user", "product", "order", "payment", "notification"] {
        let schema =
            format!("create schema {service}_service; set search_path = {service}_service");
        connection.execute(sqlx::raw_sql(AssertSqlSafe(schema))).await.unwrap();
        let mut files: Vec<_> =
            std::fs::read_dir(services.join(format!("{service}-service/migrations")))
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
                .collect();
        files.sort();
        for file in files {
            let sql = std::fs::read_to_string(&file).unwrap();
            let done = connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await;
            done.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        }
    }
    connection.execute("set search_path = public").await.unwrap();
    connection
}

/// A customer's order, being paid.
pub(crate) async fn sell(connection: &mut PgConnection) {
    let sql = format!(
        "insert into user_service.users (id, email, password_hash, first_name, last_name) values ('{USER}', 'a@example.org', 'x', 'A', 'B');
         insert into order_service.orders (id, user_id, status, total_amount, currency, payment_method, created_at, updated_at, payment_id)
             values ('{ORDER}', '{USER}', 'created', 4980, 'EUR', 'card', now(), now(), '{PAYMENT}');
         insert into order_service.order_items (id, order_id, product_id, quantity, unit_price)
             values (gen_random_uuid(), '{ORDER}', '{PRODUCT}', 2, 2490);
         insert into order_service.order_history (id, order_id, status, changed_at) values (gen_random_uuid(), '{ORDER}', 'created', now());
         insert into order_service.outbox (event_id, topic, key, headers, payload)
             values ('{EVENT}', 'order-events', '{ORDER}', '{{\"ce_type\": \"OrderCreatedEvent\"}}', '{{\"order_id\": \"{ORDER}\"}}');
         insert into order_service.idempotency_keys (user_id, operation, key, fingerprint, subject_id, locked_until, status, body, created_at)
             values ('{USER}', 'place-order', 'key-1', '\\x00', '{ORDER}', now(), 201, '{{}}', now());
         update product_service.products set stock = stock - 2 where id = '{PRODUCT}';
         insert into product_service.reservations (order_id, product_id, quantity, unit_price, currency, expires_at)
             values ('{ORDER}', '{PRODUCT}', 2, 2490, 'EUR', now());
         insert into product_service.inbox (consumer, event_id) values ('product-service', '{EVENT}');
         insert into payment_service.payments (id, order_id, user_id, amount, currency, method, status, created_at, updated_at)
             values ('{PAYMENT}', '{ORDER}', '{USER}', 4980, 'EUR', 'card', 'pending', now(), now());
         insert into notification_service.contact_preferences (user_id, phone, email, sms, updated_at)
             values ('{USER}', '+4915112345678', '{{account,security}}', '{{payments}}', now());"
    );
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
}
