//! Twilio: SMS, form-encoded with capitals.

use axum::http::StatusCode;
use serde_json::{Value, json};
use url::form_urlencoded;

use super::new_id;
use super::stripe::Form;
use crate::exchange::{Answer, Operation, Outcome};
use crate::webhook::Webhook;

/// The number that cannot receive messages, as in the original's own test numbers.
const UNREACHABLE: &str = "+15005550009";

/// A short message to send.
#[derive(Debug)]
pub struct Sms {
    account: String,
    to: String,
}

impl Sms {
    /// Reads the form; the answer to a bad one names what is missing.
    pub fn parse(account: &str, form: &Form) -> Result<Self, Answer> {
        for (name, code) in [("To", 21604), ("From", 21603), ("Body", 21602)] {
            if form.get(name).is_none_or(String::is_empty) {
                return Err(refused(code, &format!("A '{name}' is required.")));
            }
        }
        Ok(Self { account: account.to_owned(), to: form.get("To").cloned().unwrap_or_default() })
    }
}

impl Operation for Sms {
    fn accepted(&self) -> Answer {
        let sid = new_id("SM");
        let body =
            json!({"sid": sid, "account_sid": self.account, "to": self.to, "status": "queued"});
        Answer::made(StatusCode::CREATED, body, sid)
    }

    fn declined(&self) -> Answer {
        refused(21211, "The 'To' number is not a valid phone number.")
    }

    fn failed(&self) -> Answer {
        failed()
    }

    /// The status callback: a form, as the original sends it.
    fn webhook(&self, outcome: Outcome, answer: &Answer, _: i64) -> Option<Webhook> {
        if outcome != Outcome::Accepted {
            return None;
        }
        let event_id = new_id("EV");
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("MessageSid", answer.reference.as_deref()?)
            .append_pair("MessageStatus", fate(&self.to))
            .append_pair("AccountSid", &self.account)
            .append_pair("To", &self.to)
            .append_pair("EventSid", &event_id)
            .finish();
        Some(Webhook { event_id, content_type: "application/x-www-form-urlencoded", body })
    }
}

/// What becomes of a message to a number.
fn fate(to: &str) -> &'static str {
    if to == UNREACHABLE { "undelivered" } else { "delivered" }
}

/// What has become of a message that was queued by this request.
#[must_use]
pub fn message(account: &str, sid: &str, request: &Value) -> Answer {
    let to = request["To"].as_str().unwrap_or_default();
    let body = json!({"sid": sid, "account_sid": account, "to": to, "status": fate(to)});
    Answer::plain(StatusCode::OK, body)
}

/// The answer about a message that was never queued.
#[must_use]
pub fn no_such_message() -> Answer {
    let message = "The requested resource was not found";
    Answer::plain(StatusCode::NOT_FOUND, json!({"code": 20404, "message": message, "status": 404}))
}

/// The answer when the provider is broken.
#[must_use]
pub fn failed() -> Answer {
    Answer::plain(
        StatusCode::INTERNAL_SERVER_ERROR,
        json!({"code": 20500, "message": "Internal Server Error", "status": 500}),
    )
}

/// The answer when an idempotency key comes back with another message.
#[must_use]
pub fn key_reused() -> Answer {
    refused(20001, "The idempotency key was used for another message.")
}

/// The answer to a request without a credential.
#[must_use]
pub fn unauthenticated() -> Answer {
    Answer::plain(
        StatusCode::UNAUTHORIZED,
        json!({"code": 20003, "message": "Authenticate", "status": 401}),
    )
}

fn refused(code: u32, message: &str) -> Answer {
    Answer::plain(StatusCode::BAD_REQUEST, json!({"code": code, "message": message, "status": 400}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_callback_says_whether_the_message_arrived() {
        for (to, status) in [("+4915112345678", "delivered"), (UNREACHABLE, "undelivered")] {
            let form = [("To", to), ("From", "+2"), ("Body", "Hello")];
            let form = form.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            let sms = Sms::parse("AC1", &form).unwrap();
            let webhook = sms.webhook(Outcome::Accepted, &sms.accepted(), 0).unwrap();
            assert!(webhook.body.contains(&format!("MessageStatus={status}")), "{}", webhook.body);
        }
    }

    #[test]
    fn a_message_without_text_is_refused_with_twilios_code() {
        let form =
            Form::from([("To".to_owned(), "+1".to_owned()), ("From".to_owned(), "+2".to_owned())]);
        assert_eq!(Sms::parse("AC1", &form).unwrap_err().body["code"], 21602);
    }
}
