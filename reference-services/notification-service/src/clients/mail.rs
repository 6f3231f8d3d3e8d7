//! The mail provider, SendGrid-shaped: it accepts first and delivers later.

use axum::http::StatusCode;
use ecotrack_chassis::http_client;
use reqwest::{Method, Response};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::provider::{
    IDEMPOTENCY_KEY, Letter, Provider, confirmation, no_confirmation, refusal, unreadable,
};
use crate::domain::outcome::Outcome;

/// Header with the provider's id of an accepted mail.
const MESSAGE_ID: &str = "x-message-id";

/// Sends mails.
#[derive(Clone)]
pub(crate) struct Mailer {
    provider: Provider,
    sender: String,
}

#[derive(Deserialize)]
struct Activity {
    status: String,
}

impl Mailer {
    /// A mailer that writes as `sender`.
    pub(crate) const fn new(provider: Provider, sender: String) -> Self {
        Self { provider, sender }
    }

    /// Hands a mail over.
    pub(crate) async fn send(&self, mail: &Letter<'_>) -> Outcome {
        let (document, key) = (self.document(mail), mail.notification_id.to_string());
        let answer =
            self.provider.ask(Method::POST, "/sendgrid/v3/mail/send", |request, secret| {
                request
                    .bearer_auth(secret.expose_secret())
                    .header(IDEMPOTENCY_KEY, key)
                    .json(&document)
            });
        match answer.await {
            Ok(response) if response.status() == StatusCode::ACCEPTED => accepted(&response),
            Ok(response) => refusal(&response),
            Err(outcome) => outcome,
        }
    }

    fn document(&self, mail: &Letter<'_>) -> Value {
        let mut content = vec![json!({"type": "text/plain", "value": mail.message.body})];
        content.extend(
            mail.message.html.iter().map(|html| json!({"type": "text/html", "value": html})),
        );
        json!({
            "personalizations": [{"to": [{"email": mail.to}]}],
            "from": {"email": self.sender},
            "subject": mail.message.subject,
            "content": content,
            "custom_args": {"notification_id": mail.notification_id, "template": mail.template},
        })
    }

    /// Asks whether a mail arrived.
    pub(crate) async fn confirm(&self, reference: &str) -> Outcome {
        let path = format!("/sendgrid/v3/messages/{reference}");
        let answer = self
            .provider
            .ask(Method::GET, &path, |request, secret| request.bearer_auth(secret.expose_secret()));
        let response = match answer.await {
            Ok(response) if response.status() == StatusCode::OK => response,
            Ok(response) => return no_confirmation(&response),
            Err(outcome) => return outcome,
        };
        match http_client::json::<Activity>(response).await {
            Ok(activity) => confirmation(&activity.status, reference),
            Err(error) => unreadable(error),
        }
    }
}

fn accepted(response: &Response) -> Outcome {
    let reference = response.headers().get(MESSAGE_ID).and_then(|value| value.to_str().ok());
    Outcome::accepted(reference.unwrap_or_default().to_owned())
}
