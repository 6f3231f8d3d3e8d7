//! Secrets and personal data come in; they are in no log, span, metric, header, refusal or envelope of an event.

use anyhow::{Context as _, Result, ensure};
use axum::http::Method;
use ecotrack_chassis::test_support::{
    Answer, Heard,
    canary::{Canary, text_of},
};
use serde_json::{Value, json};

use crate::helpers::{Customer, ME, Session, TestApp};

/// What an answer says beside what was asked for: its headers, and the words of a refusal.
fn said(answer: &Answer) -> String {
    let refusal = if answer.status.is_success() { "" } else { &answer.text };
    text_of(&answer.headers) + refusal
}

#[tokio::test]
async fn what_is_secret_or_personal_stays_inside() -> Result<()> {
    let heard = Heard::listen();
    let mut answers = String::new();
    let app = TestApp::start().await?;
    let mut canaries = vec![
        Canary::new("address of e-mails", "{}@canary.example"),
        Canary::new("password", "secret {}"),
        Canary::new("name", "Canary{}"),
        Canary::new("street", "{} Canary Street"),
    ];
    let [email, password, name, street] = [0, 1, 2, 3].map(|index| canaries[index].value.clone());
    let registration =
        json!({"email": email, "password": password, "first_name": name, "last_name": name});
    let customer = Customer { email, password };
    for answer in [
        app.client().post("/api/users/register", &registration).await?.expect(202)?,
        app.client().post("/api/users/register", &registration).await?.expect(202)?,
        app.login(&customer.email, &format!("{}?", customer.password)).await?.expect(401)?,
        app.login(&format!("{}\n", customer.email), &customer.password).await?.expect(422)?,
    ] {
        answers.push_str(&said(&answer));
    }
    let login = app.login(&customer.email, &customer.password).await?.expect(200)?;
    answers.push_str(&said(&login));
    let session = Session::of(app.client(), &login);
    let misplaced = [json!({"role": customer.password}), json!({"address": street})];
    for changes in misplaced {
        answers.push_str(&said(&session.change(&changes).await?.expect(422)?));
    }
    let address = json!({"street": street, "postal_code": "1", "city": name, "country": "GB"});
    let change = json!({"display_name": name, "address": address});
    answers.push_str(&said(&session.change(&change).await?.expect(200)?));
    let in_query = format!("{ME}?access_token={}", session.token);
    answers.push_str(&said(&app.client().get(&in_query).await?.expect(401)?));
    let refreshed = app.refresh(&session.refresh_token).await?.expect(200)?;
    answers.push_str(&said(&refreshed));
    answers.push_str(&said(&app.refresh(&session.refresh_token).await?.expect(401)?));
    let again = app.session_of(&customer).await?;
    answers.push_str(&said(&again.ask(Method::DELETE, ME).await?.expect(204)?));
    canaries.extend(tokens(&login)?);
    canaries.extend(tokens(&refreshed)?);
    canaries.push(signing_key(&app)?);
    let others = [
        ("answers", "problems/", answers),
        ("metrics", "user_registrations_total", app.metrics().await?),
        ("envelopes", "UserRegisteredEvent", envelopes(&app).await?),
    ];
    heard.tells_none_of(&canaries, "/api/users/register", &others)?;
    ensure!(heard.lines().contains(&session.user_id), "no line names the user");
    Ok(())
}

#[tokio::test]
async fn traces_tell_the_network_of_a_login_and_not_the_address() -> Result<()> {
    let heard = Heard::listen();
    let app = TestApp::start().await?;
    let login = json!({"email": "nobody@canary.example", "password": "wrong password"});
    let request = app.client().request(Method::POST, "/api/users/login")?;
    let request = request.header("x-forwarded-for", "192.0.2.77").json(&login);
    app.client().send(request).await?.expect(401)?;
    let (lines, spans) = (heard.lines(), heard.spans()?);
    ensure!(spans.contains("192.0.2.0"), "no span tells of the network: {spans}");
    ensure!(!(lines + &spans).contains("192.0.2.77"), "the address came out: {spans}");
    Ok(())
}

/// The tokens of an answer.
fn tokens(answer: &Answer) -> Result<[Canary; 2]> {
    let tokens = ["access_token", "refresh_token"].map(|field| Canary {
        name: "token",
        value: answer.json()[field].as_str().unwrap_or_default().to_owned(),
    });
    ensure!(tokens.iter().all(|token| !token.value.is_empty()), "no tokens in {}", answer.text);
    Ok(tokens)
}

/// The middle of the key that the service signs with: a line of the file, which is how much of it would be told at least.
fn signing_key(app: &TestApp) -> Result<Canary> {
    let line = app.key.lines().nth(1).context("the key has no second line")?;
    ensure!(line.len() == 64, "no line of a key: {} characters", line.len());
    Ok(Canary { name: "signing key", value: line.to_owned() })
}

/// What travels around events.
async fn envelopes(app: &TestApp) -> Result<String> {
    let headers: Vec<Value> = sqlx::query_scalar("select headers from user_service.outbox")
        .fetch_all(&mut app.database().await?)
        .await?;
    ensure!(headers.len() >= 4, "only {} events", headers.len());
    Ok(headers.iter().map(Value::to_string).collect())
}
