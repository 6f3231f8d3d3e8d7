//! The life of an order: what happened is written down for good, and what cannot happen does not.

use anyhow::Result;
use chrono::{DateTime, Utc};
use order_service::domain::status::Status;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::helpers::TestApp;

fn step(status: &str, actor: &str, reason: Option<&str>) -> (String, String, Value) {
    (status.to_owned(), actor.to_owned(), json!(reason))
}

#[tokio::test]
async fn the_history_says_what_happened_by_whose_doing_and_why() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let given_up = customer.placed(product).await?;
    customer.cancel(&given_up).await?.expect(200)?;
    let created = step("created", "customer", None);
    let cancelled = step("cancelled", "customer", Some("customer"));
    assert_eq!(customer.history(&given_up).await?, [created.clone(), cancelled]);

    let paid = customer.placed(product).await?;
    customer.open_payment(&paid).await?.expect(200)?;
    app.publish(customer.processed(&paid)?).await?;
    customer.await_status(&paid, "completed").await?;
    let steps =
        ["payment_pending", "paid", "completed"].map(|status| step(status, "payment", None));
    assert_eq!(customer.history(&paid).await?, [&[created], &steps[..]].concat());
    Ok(())
}

#[tokio::test]
async fn a_clock_that_was_ahead_neither_reorders_the_history_nor_makes_time_go_back() -> Result<()>
{
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let order_id = customer.placed(product).await?;
    customer.open_payment(&order_id).await?.expect(200)?;
    let mut conn = app.fixture.database.connect().await?;
    // As a replica leaves it whose clock is ahead. Only past the trigger is that written afterwards.
    let ahead = "SET session_replication_role = replica;
        UPDATE order_service.orders SET updated_at = updated_at + interval '1 minute';
        UPDATE order_service.order_history SET changed_at = changed_at + interval '1 minute' WHERE status = 'payment_pending'";
    sqlx::raw_sql(ahead).execute(&mut conn).await?;
    app.publish(customer.processed(&order_id)?).await?;
    customer.await_status(&order_id, "completed").await?;
    let path = format!("/api/orders/{order_id}/history");
    let history = customer.client.get(&path).await?.expect(200)?.json();
    let items = history["items"].as_array().cloned().unwrap_or_default();
    let steps: Vec<_> = items.iter().filter_map(|item| item["status"].as_str()).collect();
    assert_eq!(steps, ["created", "payment_pending", "paid", "completed"]);
    let at = |item: &Value| item["at"].as_str().unwrap_or_default().parse::<DateTime<Utc>>();
    assert!(items.iter().map(at).collect::<Result<Vec<_>, _>>()?.is_sorted(), "{history}");
    Ok(())
}

#[tokio::test]
async fn the_database_has_the_same_steps_as_the_domain_and_no_other() -> Result<()> {
    let app = TestApp::start().await?;
    let mut conn = app.fixture.database.connect().await?;
    let insert = "INSERT INTO order_service.orders
        (id, user_id, status, total_amount, currency, payment_method, created_at, updated_at)
        VALUES ($1, $1, $2, 1, 'EUR', 'none', now(), now())";
    for from in Status::ALL {
        let born = sqlx::query(insert).bind(Uuid::now_v7()).bind(from.name());
        assert_eq!(born.execute(&mut conn).await.is_ok(), from == Status::Created, "{from}");
        for to in Status::ALL {
            let id = Uuid::now_v7();
            sqlx::query(insert).bind(id).bind("created").execute(&mut conn).await?;
            for status in path_to(from) {
                assert!(set(&mut conn, id, *status).await, "{status}");
            }
            let is_step = from.advance(to).is_ok();
            assert_eq!(set(&mut conn, id, to).await, is_step, "{from} to {to}");
        }
    }
    Ok(())
}

async fn set(conn: &mut sqlx::PgConnection, id: Uuid, status: Status) -> bool {
    let update = "UPDATE order_service.orders SET status = $2 WHERE id = $1";
    sqlx::query(update).bind(id).bind(status.name()).execute(conn).await.is_ok()
}

fn path_to(status: Status) -> &'static [Status] {
    use Status::{Cancelled, Completed, Created, Paid, PaymentPending, Refunded};
    match status {
        Created => &[],
        PaymentPending => &[PaymentPending],
        Paid => &[PaymentPending, Paid],
        Completed => &[PaymentPending, Paid, Completed],
        Cancelled => &[Cancelled],
        Refunded => &[PaymentPending, Paid, Completed, Refunded],
    }
}

#[tokio::test]
async fn nobody_rewrites_the_history() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    customer.placed(product).await?;
    let mut conn = app.fixture.database.connect().await?;
    for attempt in [
        "UPDATE order_service.order_history SET notes = 'x'",
        "DELETE FROM order_service.order_history",
        "TRUNCATE order_service.order_history",
    ] {
        let error = sqlx::query(attempt).execute(&mut conn).await.unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
    Ok(())
}

#[tokio::test]
async fn a_list_can_be_narrowed_to_a_status() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, product) = (app.customer()?, app.neighbours.product("5.00", "EUR"));
    let (kept, given_up) = (customer.placed(product).await?, customer.placed(product).await?);
    customer.cancel(&given_up).await?.expect(200)?;
    for (status, expected) in
        [("created", vec![kept]), ("cancelled", vec![given_up]), ("paid", vec![])]
    {
        let page =
            customer.client.get(&format!("/api/orders?status={status}")).await?.expect(200)?;
        let items = page.json()["items"].as_array().cloned().unwrap_or_default();
        let ids: Vec<_> = items.iter().filter_map(|order| order["order_id"].as_str()).collect();
        assert_eq!(ids, expected, "{status}");
    }
    for bad in ["status=shipped", "status=", "sort=total"] {
        customer.client.get(&format!("/api/orders?{bad}")).await?.expect_problem(422)?;
    }
    Ok(())
}
