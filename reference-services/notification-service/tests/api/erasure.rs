//! Who leaves is forgotten: address, number and every word that was written to them.

use anyhow::{Result, ensure};
use ecotrack_chassis::test_support::eventually;
use ecotrack_events::Envelope;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::helpers::{Customer, TestApp, preferences};

const NUMBER: &str = "+4915198765432";
const TABLES: [&str; 7] = [
    "recipients",
    "contact_preferences",
    "messages",
    "notifications",
    "erased_users",
    "outbox",
    "inbox",
];

/// Where something personal of a customer is found in the database.
async fn traces(app: &TestApp, customer: &Customer) -> Result<Vec<&'static str>> {
    let mut conn = app.fixture.database.connect().await?;
    let mut found = Vec::new();
    for table in TABLES {
        // A payload is bytes; it is read as the text it is.
        let text = if table == "outbox" {
            "convert_from(t.payload, 'UTF8') || t.headers::text"
        } else {
            "t::text"
        };
        let query = format!(
            "SELECT EXISTS (SELECT FROM notification_service.{table} t WHERE strpos({text}, $1) > 0 OR strpos({text}, $2) > 0)"
        );
        let is_there: bool = sqlx::query_scalar(AssertSqlSafe(query))
            .bind(&customer.email)
            .bind(NUMBER)
            .fetch_one(&mut conn)
            .await?;
        if is_there {
            found.push(table);
        }
    }
    Ok(found)
}

/// Waits until an event was handled.
async fn await_claimed(app: &TestApp, event: &Envelope) -> Result<()> {
    eventually(|| async {
        let mut conn = app.fixture.database.connect().await?;
        let claims = "SELECT count(*) FROM notification_service.inbox WHERE event_id = $1";
        let claimed: i64 = sqlx::query_scalar(claims).bind(event.id).fetch_one(&mut conn).await?;
        ensure!(claimed == 1, "{} was not handled yet", event.event.event_type());
        Ok(())
    })
    .await
}

#[tokio::test]
async fn who_leaves_is_forgotten_and_is_not_written_to_any_more() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    customer.wants_text_messages(NUMBER).await?;
    app.arm("sendgrid", &json!({"mode": "error", "ttl_seconds": 120})).await?;
    app.arm("twilio", &json!({"mode": "error", "ttl_seconds": 120})).await?;
    app.publish(&customer.registered()).await?;
    app.publish(&customer.order_cancelled()).await?;
    eventually(|| async {
        let traces = traces(&app, &customer).await?;
        ensure!(traces == ["recipients", "contact_preferences", "messages"], "{traces:?}");
        Ok(())
    })
    .await?;
    app.publish(&customer.deleted()).await?;
    let failed = customer.await_notification("welcome", "failed").await?;
    let id = failed["notification_id"].as_str().unwrap_or_default();
    assert_eq!(app.await_event("NotificationFailedEvent", id).await?["reason"], "user_deleted");
    assert_eq!(traces(&app, &customer).await?, Vec::<&str>::new());
    assert!(customer.notifications().await?.iter().all(|found| found["status"] == "failed"));
    Ok(())
}

#[tokio::test]
async fn what_arrives_late_about_somebody_who_left_brings_nothing_back() -> Result<()> {
    let app = TestApp::start().await?;
    let (gone, other) = (app.customer()?, app.customer()?);
    let late = [
        gone.deleted(),
        gone.registered(),
        gone.moved_to("late@example.net"),
        gone.order_cancelled(),
    ];
    for event in &late {
        app.publish(event).await?;
        await_claimed(&app, event).await?;
    }
    app.publish(&other.registered()).await?;
    other.await_notification("welcome", "delivered").await?;
    assert!(gone.notifications().await?.is_empty());
    assert_eq!(traces(&app, &gone).await?, Vec::<&str>::new());
    gone.put_preferences(&preferences()).await?.expect_problem(404)?;
    Ok(())
}

#[tokio::test]
async fn a_number_that_is_written_while_its_user_is_erased_does_not_stay() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    app.publish(&customer.registered()).await?;
    customer.await_notification("welcome", "delivered").await?;
    // A number that was found to be allowed waits before it is written.
    let mut gate = app.fixture.database.connect().await?;
    for statement in [
        "CREATE FUNCTION notification_service.wait() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN new; END $$",
        "CREATE TRIGGER wait BEFORE INSERT ON notification_service.contact_preferences
             FOR EACH ROW EXECUTE FUNCTION notification_service.wait()",
        "SELECT pg_advisory_lock(1)",
    ] {
        sqlx::query(statement).execute(&mut gate).await?;
    }
    let deleted = customer.deleted();
    let erase = async {
        eventually(|| async {
            ensure!(
                app.fixture.database.waiting(Some("advisory")).await? == 1,
                "the number is not on its way"
            );
            Ok(())
        })
        .await?;
        app.publish(&deleted).await?;
        // The erasure either went through or waits for the number.
        let claims = "SELECT count(*) FROM notification_service.erased_users";
        eventually(|| async {
            let mut conn = app.fixture.database.connect().await?;
            let erased: i64 = sqlx::query_scalar(claims).fetch_one(&mut conn).await?;
            ensure!(
                erased == 1 || app.fixture.database.waiting(Some("advisory")).await? == 2,
                "nobody is erased yet"
            );
            Ok(())
        })
        .await?;
        anyhow::Ok(sqlx::query("SELECT pg_advisory_unlock(1)").execute(&mut gate).await.map(drop)?)
    };
    tokio::try_join!(customer.wants_text_messages(NUMBER), erase)?;
    await_claimed(&app, &deleted).await?;
    assert_eq!(traces(&app, &customer).await?, Vec::<&str>::new());
    Ok(())
}

/// The lock of a user in the database, as another replica takes it: alone, or beside others.
async fn lock(conn: &mut PgConnection, function: &str, customer: &Customer) -> Result<()> {
    let lock = format!("SELECT {function}(hashtextextended($1::text, 0))");
    sqlx::query(AssertSqlSafe(lock)).bind(customer.user_id).execute(conn).await?;
    Ok(())
}

/// How many notifications of a customer have got past the given condition.
async fn count(app: &TestApp, customer: &Customer, condition: &str) -> Result<i64> {
    let count = format!(
        "SELECT count(*) FROM notification_service.notifications WHERE user_id = $1 AND {condition}"
    );
    let mut conn = app.fixture.database.connect().await?;
    let count = sqlx::query_scalar(AssertSqlSafe(count)).bind(customer.user_id);
    Ok(count.fetch_one(&mut conn).await?)
}

#[tokio::test]
async fn nothing_is_written_to_somebody_whom_another_replica_is_erasing() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let mut conn = app.fixture.database.connect().await?;
    let mut erasure = conn.begin().await?;
    lock(&mut erasure, "pg_advisory_xact_lock", &customer).await?;
    sqlx::query("INSERT INTO notification_service.erased_users VALUES ($1, now())")
        .bind(customer.user_id)
        .execute(&mut *erasure)
        .await?;
    let cancelled = customer.order_cancelled();
    app.publish(&cancelled).await?;
    // The mail either was written or waits for the erasure.
    eventually(|| async {
        let written = count(&app, &customer, "true").await?;
        ensure!(
            written > 0 || app.fixture.database.waiting(Some("advisory")).await? == 1,
            "the event did not arrive"
        );
        Ok(())
    })
    .await?;
    erasure.commit().await?;
    await_claimed(&app, &cancelled).await?;
    assert_eq!(count(&app, &customer, "true").await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_another_replica_is_writing_ends_with_the_erasure() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = app.customer()?;
    let mut conn = app.fixture.database.connect().await?;
    let mut telling = conn.begin().await?;
    lock(&mut telling, "pg_advisory_xact_lock_shared", &customer).await?;
    sqlx::query(
        "INSERT INTO notification_service.notifications (id, user_id, event_id, channel, template, parameters, status,
             created_at, updated_at)
         VALUES (gen_random_uuid(), $1, gen_random_uuid(), 'email', 'welcome', '{}', 'pending', now(), now())",
    )
    .bind(customer.user_id)
    .execute(&mut *telling)
    .await?;
    let deleted = customer.deleted();
    app.publish(&deleted).await?;
    eventually(|| async {
        ensure!(
            app.fixture.database.waiting(Some("advisory")).await? == 1,
            "the erasure does not wait"
        );
        Ok(())
    })
    .await?;
    telling.commit().await?;
    await_claimed(&app, &deleted).await?;
    assert_eq!(count(&app, &customer, "failure_reason = 'user_deleted'").await?, 1);
    Ok(())
}
