//! Twilio: SMS, form-encoded with capitals.

use axum::http::StatusCode;
use serde_json::json;

use super::new_id;
use super::stripe::Form;
use crate::exchange::{Answer, Operation};

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
        Answer::plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            json!({"code": 20500, "message": "Internal Server Error", "status": 500}),
        )
    }
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
    fn a_message_without_text_is_refused_with_twilios_code() {
        let form =
            Form::from([("To".to_owned(), "+1".to_owned()), ("From".to_owned(), "+2".to_owned())]);
        assert_eq!(Sms::parse("AC1", &form).unwrap_err().body["code"], 21602);
    }
}
