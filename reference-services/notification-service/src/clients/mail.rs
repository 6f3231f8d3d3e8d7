//! The mail provider, SendGrid-shaped: it accepts first and delivers later.

use axum::http::StatusCode;
use ecotrack_chassis::config::Secrets;
use ecotrack_chassis::http_client::{ClientError, ServiceClient};
use reqwest::{Method, RequestBuilder, Response};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::domain::message::Message;
use crate::domain::outcome::Outcome;

/// Name of the mounted key.
const KEY: &str = "sendgrid-api-key";
/// Header with the provider's id of an accepted mail.
const MESSAGE_ID: &str = "x-message-id";

/// Asks the provider.
#[derive(Clone)]
pub(crate) struct Mailer {
    client: ServiceClient,
    secrets: Secrets,
    sender: String,
}

/// An e-mail.
pub(crate) struct Mail<'a> {
    pub(crate) notification_id: Uuid,
    pub(crate) template: &'a str,
    pub(crate) to: &'a str,
    pub(crate) message: &'a Message,
}

#[derive(Deserialize)]
struct Activity {
    status: String,
}

impl Mailer {
    /// A mailer that writes as `sender`.
    pub(crate) const fn new(client: ServiceClient, secrets: Secrets, sender: String) -> Self {
        Self { client, secrets, sender }
    }

    /// Hands a mail over.
    pub(crate) async fn send(&self, mail: &Mail<'_>) -> Outcome {
        let document = json!({
            "personalizations": [{"to": [{"email": mail.to}]}],
            "from": {"email": self.sender},
            "subject": mail.message.subject,
            "content": [{"type": "text/plain", "value": mail.message.body}],
            "custom_args": {"notification_id": mail.notification_id, "template": mail.template},
        });
        let request = self.client.request(Method::POST, "/sendgrid/v3/mail/send", None);
        match self.ask(request.map(|request| request.json(&document))).await {
            Ok(response) if response.status() == StatusCode::ACCEPTED => accepted(&response),
            Ok(response) => refusal(response.status()),
            Err(outcome) => outcome,
        }
    }

    /// Asks whether a mail arrived.
    pub(crate) async fn confirm(&self, reference: &str) -> Outcome {
        let path = format!("/sendgrid/v3/messages/{reference}");
        let response = match self.ask(self.client.request(Method::GET, &path, None)).await {
            Ok(response) if response.status() == StatusCode::OK => response,
            Ok(response) => return refusal(response.status()),
            Err(outcome) => return outcome,
        };
        match response.json::<Activity>().await {
            Ok(activity) if activity.status == "delivered" => {
                Outcome::Accepted { reference: reference.to_owned() }
            }
            Ok(activity) if activity.status == "not_delivered" => {
                Outcome::Refused { reason: "not_delivered" }
            }
            Ok(_) => Outcome::Unavailable { reason: "not_delivered_yet" },
            Err(_) => Outcome::Unavailable { reason: "unreadable_answer" },
        }
    }

    /// The key is read anew each time, so that a rotated one is in use at once.
    async fn ask(&self, request: Result<RequestBuilder, ClientError>) -> Result<Response, Outcome> {
        let key =
            self.secrets.read(KEY).map_err(|error| unavailable("no_credential", error.into()))?;
        let request = request.map_err(|error| unavailable("no_address", error.into()))?;
        let sent = self.client.send_any(request.bearer_auth(key.expose_secret())).await;
        sent.map_err(|error| unavailable("no_answer", error.into()))
    }
}

fn unavailable(reason: &'static str, error: anyhow::Error) -> Outcome {
    tracing::warn!(
        reason,
        error = format!("{error:#}"),
        "the mail provider was not asked or did not answer"
    );
    drop(error);
    Outcome::Unavailable { reason }
}

fn accepted(response: &Response) -> Outcome {
    let reference = response.headers().get(MESSAGE_ID).and_then(|value| value.to_str().ok());
    Outcome::Accepted { reference: reference.unwrap_or_default().to_owned() }
}

/// What the mail itself is to blame for is final; all else may pass.
fn refusal(status: StatusCode) -> Outcome {
    match status {
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::PAYLOAD_TOO_LARGE => {
            Outcome::Refused { reason: "refused" }
        }
        _ => Outcome::Unavailable { reason: "provider_error" },
    }
}
