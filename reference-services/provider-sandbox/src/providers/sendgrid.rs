//! SendGrid: mail that is accepted first and delivered later, as its activity feed tells.

use axum::http::StatusCode;
use chrono::Utc;
use serde::Deserialize;
use serde_json::{Value, json};

use super::new_id;
use crate::exchange::{Answer, Operation, Outcome};
use crate::provider::Provider;
use crate::webhook::Webhook;

/// Mail to an address that begins like this comes back.
const BOUNCING: &str = "bounce";

/// An e-mail to send.
#[derive(Debug, Deserialize)]
pub struct Mail {
    personalizations: Vec<Personalization>,
    from: Address,
    subject: String,
    content: Vec<Content>,
    #[serde(default)]
    custom_args: CustomArgs,
}

#[derive(Debug, Deserialize)]
struct Personalization {
    to: Vec<Address>,
}

#[derive(Debug, Deserialize)]
struct Address {
    email: String,
}

#[derive(Debug, Deserialize)]
struct Content {
    value: String,
}

#[derive(Debug, Default, Deserialize)]
struct CustomArgs {
    notification_id: Option<String>,
}

impl Mail {
    /// Reads the document; the answer to a bad one says what is wrong.
    pub fn parse(document: &Value) -> Result<Self, Answer> {
        let mail = Self::deserialize(document).map_err(|error| refused(&error.to_string()))?;
        let addressed = mail
            .personalizations
            .iter()
            .flat_map(|group| &group.to)
            .any(|to| to.email.contains('@'));
        let written =
            mail.content.iter().any(|part| !part.value.is_empty()) && !mail.subject.is_empty();
        if addressed && written && mail.from.email.contains('@') {
            Ok(mail)
        } else {
            Err(refused("from, to, subject and content are required"))
        }
    }

    /// The customer's own id of the mail.
    #[must_use]
    pub fn customer_id(&self) -> Option<&str> {
        self.custom_args.notification_id.as_deref()
    }

    fn recipient(&self) -> &str {
        let mut to = self.personalizations.iter().flat_map(|group| &group.to);
        to.next().map_or("", |address| &address.email)
    }
}

/// What becomes of a mail to an address.
fn fate(email: &str) -> &'static str {
    if email.starts_with(BOUNCING) { "bounce" } else { "delivered" }
}

impl Operation for Mail {
    fn accepted(&self) -> Answer {
        let mut answer = Answer::made(StatusCode::ACCEPTED, Value::Null, new_id("msg_"));
        answer.reference_header = Provider::SendGrid.reference_header();
        answer
    }

    fn declined(&self) -> Answer {
        refused("the recipient is on the suppression list")
    }

    fn failed(&self) -> Answer {
        failed()
    }

    fn webhook(&self, outcome: Outcome, answer: &Answer, _: i64) -> Option<Webhook> {
        if outcome != Outcome::Accepted {
            return None;
        }
        let (id, email) = (new_id("sg_"), self.recipient());
        let event = json!({
            "sg_event_id": id, "sg_message_id": answer.reference, "event": fate(email), "email": email,
            "timestamp": Utc::now().timestamp(), "notification_id": self.customer_id(),
        });
        Some(Webhook::json(id, &json!([event])))
    }
}

/// What the activity feed says of a mail that was accepted by this request.
#[must_use]
pub fn activity(message: &str, request: &Value) -> Answer {
    let email = request.pointer("/personalizations/0/to/0/email");
    let event = fate(email.and_then(Value::as_str).unwrap_or_default());
    let status = if event == "delivered" { "delivered" } else { "not_delivered" };
    Answer::plain(
        StatusCode::OK,
        json!({"msg_id": message, "status": status, "events": [{"event_name": event}]}),
    )
}

/// The answer when the provider is broken.
#[must_use]
pub fn failed() -> Answer {
    errors(StatusCode::INTERNAL_SERVER_ERROR, "an unexpected error occurred")
}

/// The answer about a mail that was never accepted.
#[must_use]
pub fn no_such_message() -> Answer {
    errors(StatusCode::NOT_FOUND, "message not found")
}

/// The answer when a mail's id comes back with another mail.
#[must_use]
pub fn key_reused() -> Answer {
    refused("this notification_id was used for another mail")
}

/// The answer to a request without an API key.
#[must_use]
pub fn unauthenticated() -> Answer {
    errors(
        StatusCode::UNAUTHORIZED,
        "The provided authorization grant is invalid, expired, or revoked",
    )
}

fn refused(message: &str) -> Answer {
    errors(StatusCode::BAD_REQUEST, message)
}

fn errors(status: StatusCode, message: &str) -> Answer {
    Answer::plain(status, json!({"errors": [{"message": message, "field": null, "help": null}]}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(to: &str) -> Value {
        json!({
            "personalizations": [{"to": [{"email": to}]}], "from": {"email": "hello@ecotrack.example"},
            "subject": "Welcome", "content": [{"type": "text/plain", "value": "Hello"}],
            "custom_args": {"notification_id": "n-1"},
        })
    }

    #[test]
    fn an_accepted_mail_has_its_id_in_a_header_and_no_content() {
        let mail = Mail::parse(&document("a@example.org")).unwrap();
        let answer = mail.accepted();
        assert_eq!((answer.status, answer.body), (StatusCode::ACCEPTED, Value::Null));
        assert_eq!(answer.reference_header, Some("x-message-id"));
        assert_eq!(mail.customer_id(), Some("n-1"));
    }

    #[test]
    fn what_the_webhook_tells_is_what_the_feed_shows() {
        for (to, event, status) in [
            ("ann@example.org", "delivered", "delivered"),
            ("bounce-7@example.org", "bounce", "not_delivered"),
        ] {
            let mail = Mail::parse(&document(to)).unwrap();
            let webhook = mail.webhook(Outcome::Accepted, &mail.accepted(), 0).unwrap();
            let told: Value = serde_json::from_str(&webhook.body).unwrap();
            assert_eq!(
                (&told[0]["event"], &told[0]["notification_id"]),
                (&json!(event), &json!("n-1"))
            );
            assert_eq!(activity("m", &document(to)).body["status"], status);
        }
    }

    #[test]
    fn a_mail_to_nobody_is_refused() {
        assert_eq!(Mail::parse(&document("nobody")).unwrap_err().status, StatusCode::BAD_REQUEST);
    }
}
