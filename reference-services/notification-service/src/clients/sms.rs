//! The provider of text messages, Twilio-shaped.

use axum::http::StatusCode;
use ecotrack_chassis::http_client;
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::provider::{
    IDEMPOTENCY_KEY, Letter, Provider, confirmation, no_confirmation, refusal, unreadable,
};
use crate::domain::outcome::Outcome;
use crate::domain::phone::PhoneNumber;

/// Sends text messages.
#[derive(Clone)]
pub(crate) struct Texter {
    provider: Provider,
    account: String,
    sender: PhoneNumber,
}

#[derive(Deserialize)]
struct Sms {
    sid: String,
    status: String,
}

impl Texter {
    /// Sends for an account, from its number.
    pub(crate) const fn new(provider: Provider, account: String, sender: PhoneNumber) -> Self {
        Self { provider, account, sender }
    }

    /// Hands a text message over.
    pub(crate) async fn send(&self, letter: &Letter<'_>) -> Outcome {
        let path = format!("/twilio/2010-04-01/Accounts/{}/Messages.json", self.account);
        let form =
            [("To", letter.to), ("From", self.sender.as_str()), ("Body", &letter.message.body)];
        let key = letter.notification_id.to_string();
        let answer = self.provider.ask(Method::POST, &path, |request, secret| {
            self.logged_in(request, secret).header(IDEMPOTENCY_KEY, key).form(&form)
        });
        match answer.await {
            Ok(response) if response.status() == StatusCode::CREATED => {
                match http_client::json::<Sms>(response).await {
                    Ok(sms) => Outcome::accepted(sms.sid),
                    Err(error) => unreadable(error),
                }
            }
            Ok(response) => refusal(&response),
            Err(outcome) => outcome,
        }
    }

    /// Asks whether a text message arrived.
    pub(crate) async fn confirm(&self, reference: &str) -> Outcome {
        let path =
            format!("/twilio/2010-04-01/Accounts/{}/Messages/{reference}.json", self.account);
        let answer = self
            .provider
            .ask(Method::GET, &path, |request, secret| self.logged_in(request, secret));
        match answer.await {
            Ok(response) if response.status() == StatusCode::OK => {
                match http_client::json::<Sms>(response).await {
                    Ok(sms) => confirmation(&sms.status, reference),
                    Err(error) => unreadable(error),
                }
            }
            Ok(response) => no_confirmation(&response),
            Err(outcome) => outcome,
        }
    }

    fn logged_in(&self, request: RequestBuilder, secret: &SecretString) -> RequestBuilder {
        request.basic_auth(&self.account, Some(secret.expose_secret()))
    }
}
