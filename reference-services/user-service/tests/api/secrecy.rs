//! Secrets and personal data come in; they are in no log, span, metric, header, refusal or envelope of an event.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Result, ensure};
use axum::http::Method;
use ecotrack_chassis::test_support::{
    Answer,
    canary::{Canary, leaks, text_of},
};
use serde_json::{Value, json};
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

use crate::helpers::{Customer, ME, Session, TestApp};

/// Everything that was said.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<u8>>>);

impl io::Write for Heard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Heard {
    /// Lines and spans of this thread, more of them than in production.
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let heard = self.clone();
        let lines = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("info,user_service=trace,ecotrack_chassis=trace"))
            .with_span_events(FmtSpan::FULL)
            .with_writer(move || heard.clone())
            .finish();
        tracing::subscriber::set_default(lines)
    }

    fn note(&self, answer: &Answer) {
        let mut noted = text_of(&answer.headers);
        if !answer.status.is_success() {
            noted.push_str(&answer.text);
        }
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(noted.into_bytes());
    }

    fn text(&self) -> String {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&heard).into_owned()
    }
}

#[tokio::test]
async fn what_is_secret_or_personal_stays_inside() -> Result<()> {
    let heard = Heard::default();
    let _listening = heard.listen();
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
        heard.note(&answer);
    }
    let login = app.login(&customer.email, &customer.password).await?.expect(200)?;
    heard.note(&login);
    let session = Session::of(app.client(), &login);
    let misplaced = [json!({"role": customer.password}), json!({"address": street})];
    for changes in misplaced {
        heard.note(&session.change(&changes).await?.expect(422)?);
    }
    let address = json!({"street": street, "postal_code": "1", "city": name, "country": "GB"});
    heard.note(
        &session.change(&json!({"display_name": name, "address": address})).await?.expect(200)?,
    );
    let in_query = format!("{ME}?access_token={}", session.token);
    heard.note(&app.client().get(&in_query).await?.expect(401)?);
    let refreshed = app.refresh(&session.refresh_token).await?.expect(200)?;
    heard.note(&refreshed);
    heard.note(&app.refresh(&session.refresh_token).await?.expect(401)?);
    let again = app.session_of(&customer).await?;
    heard.note(&again.ask(Method::DELETE, ME).await?.expect(204)?);
    for (name, answer) in [("login", &login), ("refresh", &refreshed)] {
        for field in ["access_token", "refresh_token"] {
            let value = answer.json()[field].as_str().unwrap_or_default().to_owned();
            ensure!(!value.is_empty(), "no {field} in the {name}");
            canaries.push(Canary { name: "token", value });
        }
    }
    let mut output = heard.text();
    ensure!(output.contains(&session.user_id), "nothing was heard of the user");
    output.push_str(&app.metrics().await?);
    output.push_str(&envelopes(&app).await?);
    let leaked = leaks(&canaries, &output);
    ensure!(leaked.is_empty(), "{leaked:?}");
    Ok(())
}

/// What travels around events.
async fn envelopes(app: &TestApp) -> Result<String> {
    let headers: Vec<Value> = sqlx::query_scalar("select headers from user_service.outbox")
        .fetch_all(&mut app.database().await?)
        .await?;
    ensure!(headers.len() >= 4, "only {} events", headers.len());
    Ok(headers.iter().map(Value::to_string).collect())
}
