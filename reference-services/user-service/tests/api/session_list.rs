//! One's own sessions, on all devices.

use anyhow::Result;
use ecotrack_events::{Event, Topic};
use uuid::Uuid;

use crate::helpers::{Customer, ME, TestApp, begin_sessions};

const SESSIONS: &str = "/api/users/me/sessions";

#[tokio::test]
async fn sessions_are_listed_in_pages_with_the_own_one_marked() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    app.register(&customer).await?.expect(202)?;
    let (first, ended, last) = (
        app.session_of(&customer).await?,
        app.session_of(&customer).await?,
        app.session_of(&customer).await?,
    );
    app.session().await?;
    ended.log_out().await?.expect(204)?;
    let page = last.client.get(&format!("{SESSIONS}?limit=1")).await?.expect(200)?.json();
    assert_eq!(page["items"][0]["session_id"], last.id.as_str());
    assert_eq!(page["items"][0]["is_current"], true);
    let cursor = page["next_cursor"].as_str().unwrap();
    let page = last.client.get(&format!("{SESSIONS}?cursor={cursor}")).await?.expect(200)?.json();
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(page["items"][0]["session_id"], first.id.as_str());
    assert_eq!(page["items"][0]["is_current"], false);
    assert!(page["next_cursor"].is_null());
    Ok(())
}

#[tokio::test]
async fn a_session_is_ended_from_another_one_of_the_same_customer_only() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    app.register(&customer).await?.expect(202)?;
    let (phone, laptop) = (app.session_of(&customer).await?, app.session_of(&customer).await?);
    let stranger = app.session().await?;
    let path = format!("{SESSIONS}/{}", phone.id);
    stranger.client.delete(&path).await?.expect_problem(404)?;
    phone.client.get(ME).await?.expect(200)?;
    laptop.client.delete(&path).await?.expect(204)?;
    phone.client.get(ME).await?.expect_problem(401)?;
    laptop.client.get(ME).await?.expect(200)?;
    laptop.client.delete(&path).await?.expect_problem(404)?;
    laptop.client.delete(&format!("{SESSIONS}/{}", Uuid::new_v4())).await?.expect_problem(404)?;
    Ok(())
}

#[tokio::test]
async fn pages_out_of_range_and_foreign_cursors_are_refused() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    for limit in ["0", "-1", "101", "1000000000"] {
        let path = format!("{SESSIONS}?limit={limit}");
        session.client.get(&path).await?.expect_problem(422)?;
    }
    session.client.get(&format!("{SESSIONS}?cursor=nonsense")).await?.expect_problem(400)?;
    session.client.get(&format!("{SESSIONS}?sort=password")).await?.expect_problem(422)?;
    Ok(())
}

#[tokio::test]
async fn whoever_has_too_many_sessions_loses_the_oldest_with_the_next_login() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    app.register(&customer).await?.expect(202)?;
    let oldest = app.session_of(&customer).await?;
    begin_sessions(&app, oldest.id()?, 49).await?;
    oldest.client.get(ME).await?.expect(200)?;
    let last = app.session_of(&customer).await?;
    oldest.client.get(ME).await?.expect_problem(401)?;
    let page = last.client.get(&format!("{SESSIONS}?limit=100")).await?.expect(200)?.json();
    assert_eq!(page["items"].as_array().map(Vec::len), Some(50));
    assert_eq!(page["items"][0]["session_id"], last.id.as_str());
    let kafka = &app.fixture.kafka;
    let record = kafka.await_event(Topic::User, "UserLogoutEvent", &last.user_id).await?;
    let Event::UserLogout(event) = record.envelope()?.event else { panic!("another event") };
    assert_eq!(event.session_id.to_string(), oldest.id);
    Ok(())
}
