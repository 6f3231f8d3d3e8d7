//! How often somebody may try to log in or to register.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use axum::http::Method;
use ecotrack_chassis::test_support::{Answer, eventually};
use serde_json::json;
use uuid::Uuid;

use crate::helpers::{Customer, ME, TestApp, without_trace};

const WRONG: &str = "a wrong password";

fn expect_limited(answer: Answer) -> Result<Answer> {
    let answer = answer.expect_problem(429)?;
    let seconds: u64 = answer.header("retry-after").parse()?;
    ensure!((1..=60).contains(&seconds), "retry after {seconds} s");
    Ok(answer)
}

#[tokio::test]
async fn the_sixth_failed_login_of_an_account_in_a_minute_is_too_many() -> Result<()> {
    let app = TestApp::start().await?;
    let (customer, other) = (Customer::new(), app.session().await?);
    app.register(&customer).await?.expect(202)?;
    let nobody = Customer::new();
    for _ in 0..5 {
        app.login(&customer.email, WRONG).await?.expect_problem(401)?;
        app.login(&nobody.email, WRONG).await?.expect_problem(401)?;
    }
    let known = expect_limited(app.login(&customer.email.to_uppercase(), WRONG).await?)?;
    let unknown = expect_limited(app.login(&nobody.email, WRONG).await?)?;
    assert_eq!(without_trace(&known), without_trace(&unknown));
    expect_limited(app.login(&customer.email, &customer.password).await?)?;
    other.client.get(ME).await?.expect(200)?;
    app.session().await?;
    Ok(())
}

/// Whether somebody compared the password: a service that is too busy (503) did not, and one over the limit must not.
fn judged(answer: &Answer) -> Result<bool> {
    match answer.status.as_u16() {
        401 => Ok(true),
        429 | 503 => Ok(false),
        other => anyhow::bail!("{other}: {}", answer.text),
    }
}

#[tokio::test]
async fn wrong_passwords_at_once_do_not_slip_past_the_limit() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    app.register(&customer).await?.expect(202)?;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (client, email) = (app.client().clone(), customer.email.clone());
        let login = json!({"email": email, "password": WRONG});
        tries.spawn(async move { client.post("/api/users/login", &login).await });
    }
    let mut guesses = 0;
    for answer in tries.join_all().await {
        guesses += usize::from(judged(&answer?)?);
    }
    // Those whom a busy service did not judge may come back, and no more than those.
    let unjudged = guesses..5;
    for _ in unjudged {
        guesses += usize::from(judged(&app.login(&customer.email, WRONG).await?)?);
    }
    expect_limited(app.login(&customer.email, WRONG).await?)?;
    assert!((1..=5).contains(&guesses), "{guesses} guesses");
    Ok(())
}

#[tokio::test]
async fn logins_that_succeed_are_not_limited() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    app.register(&customer).await?.expect(202)?;
    for _ in 0..7 {
        app.login(&customer.email, &customer.password).await?.expect(200)?;
    }
    Ok(())
}

#[tokio::test]
async fn the_sixth_registration_of_an_address_is_too_many_whether_it_has_an_account_or_not()
-> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    for _ in 0..5 {
        app.register(&customer).await?.expect(202)?;
    }
    expect_limited(app.register(&customer).await?)?;
    app.register(&Customer::new()).await?.expect(202)?;
    Ok(())
}

/// The beginning of the addresses that one customer of an IPv6 provider has, and nobody else.
fn network() -> String {
    let text = Uuid::new_v4().simple().to_string();
    format!("2001:{}:{}:{}::", &text[..4], &text[4..8], &text[8..12])
}

#[tokio::test]
async fn a_source_has_so_many_tries_whatever_it_says_of_itself() -> Result<()> {
    let app = TestApp::with(&[("ECOTRACK_LOGIN_SOURCE_LIMIT", "3")]).await?;
    let (source, other) = (network(), network());
    let login = |hops: String| {
        let body = json!({"email": Customer::new().email, "password": WRONG});
        let client = app.client();
        async move {
            let request = client.request(Method::POST, "/api/users/login")?;
            client.send(request.header("x-forwarded-for", hops).json(&body)).await
        }
    };
    for made_up in 0..3 {
        login(format!("10.0.0.{made_up}, {source}{made_up}")).await?.expect_problem(401)?;
    }
    expect_limited(login(format!("10.0.0.9, {source}9")).await?)?;
    login(format!("{source}9, {other}9")).await?.expect_problem(401)?;
    Ok(())
}

#[tokio::test]
async fn without_redis_nobody_logs_in_and_everything_else_goes_on() -> Result<()> {
    let app = TestApp::start().await?;
    let customer = Customer::new();
    app.register(&customer).await?.expect(202)?;
    let session = app.session_of(&customer).await?;
    // Nobody listens there.
    let app = app.restarted_with("ECOTRACK_REDIS_URL", "redis://127.0.0.1:1").await?;
    let client = app.client().with_token(&session.token);
    let refused = app.login(&customer.email, &customer.password).await?.expect_problem(503)?;
    assert!(!refused.header("retry-after").is_empty());
    app.register(&Customer::new()).await?.expect(202)?;
    client.get(ME).await?.expect(200)?;
    client
        .send(client.request(Method::PATCH, ME)?.json(&json!({"bio": "x"})))
        .await?
        .expect(200)?;
    assert_eq!(client.get(ME).await?.expect(200)?.json()["bio"], "x");
    app.refresh(&session.refresh_token).await?.expect(200)?;
    client.send(client.request(Method::POST, "/api/users/logout")?).await?.expect(204)?;
    client.get(ME).await?.expect_problem(401)?;
    eventually(|| async {
        let metrics = app.metrics().await?;
        ensure!(metrics.contains(r#"cache="user:profile",result="bypass"}"#), "{metrics}");
        Ok(())
    })
    .await
}

/// The shortest of interleaved tries: what else the machine does only ever adds. That both hash with the same parameters is a unit test.
#[tokio::test]
async fn an_unknown_user_costs_a_hash_as_a_wrong_password_does() -> Result<()> {
    /// Accounts, and tries of each: fewer than are limited.
    const ROUNDS: (usize, usize) = (6, 4);
    let app = TestApp::start().await?;
    let (mut wrong, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS.0 {
        let (customer, nobody) = (Customer::new(), Customer::new());
        app.register(&customer).await?.expect(202)?;
        for _ in 0..ROUNDS.1 {
            for (email, shortest) in [(&customer.email, &mut wrong), (&nobody.email, &mut unknown)]
            {
                let started = Instant::now();
                app.login(email, WRONG).await?.expect(401)?;
                *shortest = started.elapsed().min(*shortest);
            }
        }
    }
    ensure!(unknown * 2 > wrong && wrong * 2 > unknown, "{wrong:?} against {unknown:?}");
    Ok(())
}
