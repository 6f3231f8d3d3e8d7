//! Erasing an account: everything personal is gone, everywhere this service has it.

use anyhow::{Result, ensure};
use axum::http::Method;
use ecotrack_chassis::test_support::eventually;
use ecotrack_events::Topic;
use redis::AsyncCommands as _;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::helpers::{Customer, ME, Session, TestApp};

/// Nobody else's name, so that a search for it finds this customer only.
const NAME: &str = "Zebedee";

async fn somebody(app: &TestApp) -> Result<(Customer, Session)> {
    let customer = Customer::new();
    let mut registration = customer.registration();
    registration["first_name"] = json!(NAME);
    app.client().post("/api/users/register", &registration).await?.expect(202)?;
    let session = app.session_of(&customer).await?;
    Ok((customer, session))
}

#[tokio::test]
async fn afterwards_there_is_no_such_account_anywhere() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, session) = somebody(&app).await?;
    let elsewhere = app.session_of(&customer).await?;
    session.client.get(ME).await?.expect(200)?;
    session.erase().await?.expect(204)?;
    let by_id = format!("/api/users/{}", session.user_id);
    for session in [&session, &elsewhere] {
        for path in [ME, &by_id, "/api/users/me/sessions"] {
            session.client.get(path).await?.expect_problem(404)?;
        }
        session.change(&json!({"bio": "back"})).await?.expect_problem(404)?;
        session.erase().await?.expect_problem(404)?;
        app.refresh(&session.refresh_token).await?.expect_problem(401)?;
    }
    app.login(&customer.email, &customer.password).await?.expect_problem(401)?;
    Ok(())
}

#[tokio::test]
async fn the_event_names_the_user_and_nothing_personal() -> Result<()> {
    let app = TestApp::start().await?;
    let (_, session) = somebody(&app).await?;
    session.erase().await?.expect(204)?;
    let kafka = &app.fixture.kafka;
    let record = kafka.await_event(Topic::User, "UserDeletedEvent", &session.user_id).await?;
    let payload: Value = serde_json::from_slice(&record.payload)?;
    let fields: Vec<_> = payload.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["deleted_at", "user_id"]);
    Ok(())
}

#[tokio::test]
async fn no_row_remembers_the_person() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, session) = somebody(&app).await?;
    let street = "42 Canary Wharf Lane";
    let address = json!({"street": street, "postal_code": "1", "city": "X", "country": "GB"});
    session.change(&json!({"bio": NAME, "address": address})).await?.expect(200)?;
    let personal = [customer.email.as_str(), NAME, street];
    let found = rows_with(&app, &personal).await?;
    assert!(found.iter().any(|table| table == "outbox"), "the search finds nothing: {found:?}");
    session.erase().await?.expect(204)?;
    eventually(|| async {
        let found = rows_with(&app, &personal).await?;
        ensure!(found.is_empty(), "still in {found:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn no_cache_remembers_the_person() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, session) = somebody(&app).await?;
    session.client.get(ME).await?.expect(200)?;
    let cached = || async {
        let key = format!("ecotrack:cache:user:profile:{}", session.user_id);
        let entry: Option<String> = app.redis().await?.get(key).await?;
        anyhow::Ok(entry.unwrap_or_default())
    };
    let entry = cached().await?;
    ensure!(entry.contains(&customer.email), "the profile was not cached: {entry}");
    session.erase().await?.expect(204)?;
    eventually(|| async {
        let entry = cached().await?;
        ensure!(!entry.contains(&customer.email) && !entry.contains(NAME), "still cached: {entry}");
        Ok(())
    })
    .await
}

/// The tables that hold one of some texts, as text or as bytes.
async fn rows_with(app: &TestApp, texts: &[&str]) -> Result<Vec<String>> {
    let mut database = app.database().await?;
    let tables: Vec<String> = sqlx::query_scalar(
        "select tablename::text from pg_tables where schemaname = 'user_service'",
    )
    .fetch_all(&mut database)
    .await?;
    let mut found = Vec::new();
    for table in tables {
        let query = format!(
            "select exists (select from user_service.{table} as t, unnest($1::text[]) as wanted \
             where strpos(t::text, wanted) > 0 or strpos(t::text, encode(convert_to(wanted, 'UTF8'), 'hex')) > 0)"
        );
        let holds: bool =
            sqlx::query_scalar(AssertSqlSafe(query)).bind(texts).fetch_one(&mut database).await?;
        if holds {
            found.push(table);
        }
    }
    Ok(found)
}

#[tokio::test]
async fn the_address_is_free_again_and_belongs_to_somebody_new() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, before) = somebody(&app).await?;
    before.erase().await?.expect(204)?;
    app.register(&customer).await?.expect(202)?;
    let after = app.session_of(&customer).await?;
    assert_ne!(after.user_id, before.user_id);
    before.client.get(ME).await?.expect_problem(404)?;
    Ok(())
}

#[tokio::test]
async fn whoever_logs_in_meanwhile_has_nothing_of_it() -> Result<()> {
    let app = TestApp::start().await?;
    for _ in 0..5 {
        let (customer, session) = somebody(&app).await?;
        let login = || app.login(&customer.email, &customer.password);
        let (one, two, refreshed, erased) =
            tokio::join!(login(), login(), app.refresh(&session.refresh_token), session.erase());
        erased?.expect(204)?;
        for answer in [one?, two?, refreshed?] {
            ensure!([200, 401].contains(&answer.status.as_u16()), "{}", answer.text);
            if answer.status.is_success() {
                let session = Session::of(app.client(), &answer);
                session.ask(Method::GET, ME).await?.expect_problem(404)?;
            }
        }
    }
    Ok(())
}
