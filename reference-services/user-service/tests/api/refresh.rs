//! Going on with a session.

use anyhow::{Result, ensure};
use ecotrack_events::Topic;
use serde_json::json;

use crate::helpers::{ME, Session, TestApp, without_trace};

#[tokio::test]
async fn a_refresh_gives_new_tokens_of_the_same_session() -> Result<()> {
    let app = TestApp::start().await?;
    let before = app.session().await?;
    let answer = app.refresh(&before.refresh_token).await?.expect(200)?;
    assert_eq!(answer.json()["expires_in"], 900);
    let after = Session::of(app.client(), &answer);
    assert_eq!((&after.id, &after.user_id), (&before.id, &before.user_id));
    assert_ne!(after.refresh_token, before.refresh_token);
    assert_ne!(after.token, before.token);
    after.client.get(ME).await?.expect(200)?;
    Ok(())
}

#[tokio::test]
async fn a_refresh_token_that_comes_back_ends_its_session_for_everybody() -> Result<()> {
    let app = TestApp::start().await?;
    let stolen = app.session().await?;
    let other = app.session().await?;
    let thief = Session::of(app.client(), &app.refresh(&stolen.refresh_token).await?.expect(200)?);
    app.refresh(&stolen.refresh_token).await?.expect_problem(401)?;
    app.refresh(&thief.refresh_token).await?.expect_problem(401)?;
    thief.client.get(ME).await?.expect_problem(401)?;
    stolen.client.get(ME).await?.expect_problem(401)?;
    other.client.get(ME).await?.expect(200)?;
    app.fixture.kafka.await_event(Topic::User, "UserLogoutEvent", &stolen.user_id).await?;
    Ok(())
}

#[tokio::test]
async fn of_many_who_use_a_refresh_token_at_once_one_wins_and_then_none() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let refresh = || app.refresh(&session.refresh_token);
    let (one, two, three, four) = tokio::join!(refresh(), refresh(), refresh(), refresh());
    let answers = [one?, two?, three?, four?];
    let won: Vec<_> = answers.iter().filter(|answer| answer.status.is_success()).collect();
    ensure!(won.len() == 1, "{} have won", won.len());
    app.refresh(&Session::of(app.client(), won[0]).refresh_token).await?.expect_problem(401)?;
    session.client.get(ME).await?.expect_problem(401)?;
    Ok(())
}

#[tokio::test]
async fn after_a_logout_nothing_of_the_session_is_good_for_anything() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    session.client.get(ME).await?.expect(200)?;
    session.log_out().await?.expect(204)?;
    session.client.get(ME).await?.expect_problem(401)?;
    app.refresh(&session.refresh_token).await?.expect_problem(401)?;
    Ok(())
}

#[tokio::test]
async fn all_refusals_are_one_answer() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    session.log_out().await?.expect(204)?;
    let ended = app.refresh(&session.refresh_token).await?.expect_problem(401)?;
    for token in ["", "nonsense", &session.token, &"x".repeat(100_000)] {
        let refused = app.refresh(token).await?.expect_problem(401)?;
        assert_eq!(without_trace(&refused), without_trace(&ended));
    }
    let path = "/api/users/refresh";
    app.client().post(path, &json!({"refresh_token": 1})).await?.expect_problem(422)?;
    app.client().post(path, &json!({})).await?.expect_problem(422)?;
    Ok(())
}

#[tokio::test]
async fn an_expired_session_is_not_refreshed() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    sqlx::query("update user_service.user_sessions set expires_at = now() - interval '1 second'")
        .execute(&mut app.database().await?)
        .await?;
    app.refresh(&session.refresh_token).await?.expect_problem(401)?;
    Ok(())
}

#[tokio::test]
async fn refresh_tokens_are_kept_as_digests_only() -> Result<()> {
    let app = TestApp::start().await?;
    let session = app.session().await?;
    let kept: Vec<String> = sqlx::query_scalar("select t::text from user_service.refresh_tokens t")
        .fetch_all(&mut app.database().await?)
        .await?;
    assert_eq!(kept.len(), 1);
    assert!(!kept[0].contains(&session.refresh_token));
    Ok(())
}
