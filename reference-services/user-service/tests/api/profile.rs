//! Changing one's profile.

use anyhow::Result;
use axum::http::Method;
use chrono::{DateTime, Utc};
use ecotrack_events::{Event, Topic};
use serde_json::{Value, json};

use crate::helpers::{ME, TestApp, count_events};

fn address() -> Value {
    json!({"street": "1 Long Street", "postal_code": "10115", "city": "Berlin", "country": "DE"})
}

#[tokio::test]
async fn what_was_changed_is_read_back_at_once_and_announced() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    session.client.get(ME).await?.expect(200)?;
    let changes = json!({"first_name": " Anna ", "display_name": "Annie", "bio": "two\nlines",
        "avatar_url": "https://images.example.com/a.png", "address": address()});
    let profile = session.change(&changes).await?.expect(200)?.json();
    assert_eq!(profile["first_name"], "Anna");
    assert_eq!(profile["display_name"], "Annie");
    assert_eq!(profile["address"], address());
    assert_eq!(profile["last_name"], "Example");
    assert_eq!(session.client.get(ME).await?.expect(200)?.json(), profile);
    let kafka = &app.fixture.kafka;
    let record = kafka.await_event(Topic::User, "UserUpdatedEvent", &session.user_id).await?;
    let Event::UserUpdated(event) = record.envelope()?.event else { panic!("another event") };
    assert_eq!(
        (event.first_name.as_str(), event.email.as_str().into()),
        ("Anna", profile["email"].clone())
    );
    assert!(!String::from_utf8(record.payload)?.contains("Long Street"), "more than anybody needs");
    Ok(())
}

#[tokio::test]
async fn a_change_is_later_than_the_one_before_whatever_the_clock_says() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let before: DateTime<Utc> = sqlx::query_scalar(
        "update user_service.users set updated_at = now() + interval '1 minute' where id = $1 returning updated_at",
    )
    .bind(session.id()?)
    .fetch_one(&mut app.database().await?)
    .await?;
    session.change(&json!({"first_name": "Anna"})).await?.expect(200)?;
    let kafka = &app.fixture.kafka;
    let record = kafka.await_event(Topic::User, "UserUpdatedEvent", &session.user_id).await?;
    let Event::UserUpdated(event) = record.envelope()?.event else { panic!("another event") };
    assert!(event.updated_at > before, "{} is not after {before}", event.updated_at);
    Ok(())
}

#[tokio::test]
async fn what_is_absent_stays_and_null_empties() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    session.change(&json!({"display_name": "Annie", "address": address()})).await?.expect(200)?;
    let changed = session.change(&json!({"display_name": null})).await?.expect(200)?.json();
    assert_eq!(changed["display_name"], Value::Null);
    assert_eq!(changed["address"], address());
    for field in ["first_name", "last_name", "bio"] {
        let answer = session.change(&json!({field: null})).await?.expect_problem(422)?;
        assert_eq!(answer.json()["errors"][0]["pointer"], format!("/{field}"));
    }
    Ok(())
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_no_news() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    session.change(&json!({})).await?.expect(200)?;
    session.change(&json!({"first_name": "Ann"})).await?.expect(200)?;
    assert_eq!(count_events(&app, "updated_at").await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_is_not_ones_own_to_change_is_refused_and_stays() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let before = session.client.get(ME).await?.expect(200)?.json();
    for field in [
        "role",
        "roles",
        "email_verified",
        "id",
        "user_id",
        "email",
        "password",
        "password_hash",
        "created_at",
        "preferences",
        "is_admin",
    ] {
        let changes = json!({"display_name": "Mallory", field: "admin"});
        let answer = session.change(&changes).await?.expect_problem(422)?;
        assert_eq!(answer.json()["errors"][0]["pointer"], format!("/{field}"));
    }
    assert_eq!(session.client.get(ME).await?.expect(200)?.json(), before);
    Ok(())
}

#[tokio::test]
async fn everything_wrong_is_named_at_once() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let changes = json!({"first_name": "", "last_name": "x".repeat(101), "display_name": "a\u{202e}b",
        "bio": "x".repeat(1001), "avatar_url": "https://169.254.169.254/latest/meta-data",
        "address": {"street": "\r\n", "postal_code": "?", "city": "", "country": "de"}});
    let answer = session.change(&changes).await?.expect_problem(422)?.json();
    let errors = answer["errors"].as_array().unwrap();
    let pointers: Vec<_> = errors.iter().filter_map(|error| error["pointer"].as_str()).collect();
    let address = ["/address/street", "/address/postal_code", "/address/city", "/address/country"];
    assert_eq!(
        pointers[..5],
        ["/first_name", "/last_name", "/display_name", "/bio", "/avatar_url"]
    );
    assert_eq!(pointers[5..], address);
    Ok(())
}

#[tokio::test]
async fn an_address_is_an_object_and_nothing_else() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let mut more = address();
    more["planet"] = json!("Earth");
    for (address, pointer) in [
        (json!(["1 Long Street", "10115", "Berlin", "DE"]), "/address"),
        (json!("1 Long Street"), "/address"),
        (more, "/address/planet"),
    ] {
        let answer = session.change(&json!({"address": address})).await?.expect_problem(422)?;
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
    }
    Ok(())
}

#[tokio::test]
async fn two_changes_at_once_both_last() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    for round in 0..10 {
        let (bio, name) = (format!("bio {round}"), format!("name {round}"));
        let (one, two) = (json!({"bio": bio}), json!({"display_name": name}));
        let (one, two) = tokio::join!(session.change(&one), session.change(&two));
        one?.expect(200)?;
        two?.expect(200)?;
        let profile = session.client.get(ME).await?.expect(200)?.json();
        assert_eq!((&profile["bio"], &profile["display_name"]), (&bio.into(), &name.into()));
    }
    Ok(())
}

#[tokio::test]
async fn only_ones_own_profile_has_these_methods() -> Result<()> {
    let app = TestApp::start().await?;
    let (ann, bob) = (app.session().await?, app.session().await?);
    for method in [Method::PATCH, Method::DELETE, Method::PUT] {
        let path = format!("/api/users/{}", bob.user_id);
        ann.ask(method, &path).await?.expect_problem(405)?;
    }
    bob.client.get(ME).await?.expect(200)?;
    Ok(())
}
