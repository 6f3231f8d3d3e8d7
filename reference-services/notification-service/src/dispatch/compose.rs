//! From a notification to the words and the address it is sent with.

use super::Dispatcher;
use crate::domain::channel::Channel;
use crate::domain::message::Template;
use crate::domain::notification::{Notification, UNWANTED};
use crate::domain::outcome::Outcome;
use crate::domain::phone::PhoneNumber;
use crate::store::{self, Due, Prepared, Recipient};

/// Changes when the cached shape of a template does.
const CACHED_SHAPE: &str = "v2";

impl Dispatcher {
    /// The message of a notification: the one prepared before, or a new one, written down before anybody sends it. Whether it is
    /// wanted is asked each time: it may have waited for long.
    pub(super) async fn prepare(&self, due: &Due) -> anyhow::Result<Result<Prepared, Outcome>> {
        let notification = &due.found.notification;
        let mut conn = self.database.acquire().await?;
        let preferences = store::find_preferences(&mut conn, notification.user_id).await?;
        if !preferences.want(notification) {
            return Ok(Err(Outcome::Refused { reason: UNWANTED }));
        }
        if let Some(prepared) = store::find_message(&mut conn, notification.id).await? {
            let is_there = preferences.reach(notification.channel, &prepared.address);
            return Ok(is_there.then_some(prepared).ok_or(Outcome::Refused { reason: UNWANTED }));
        }
        let Some(recipient) = store::find_recipient(&mut conn, notification.user_id).await? else {
            tracing::debug!(user_id = %notification.user_id, "the user is not known yet");
            return Ok(Err(Outcome::Unaddressed));
        };
        drop(conn);
        let Some(address) = address(due, &recipient, preferences.phone()) else {
            return Ok(Err(Outcome::Refused { reason: "no_phone_number" }));
        };
        let Some(template) = self.template(notification).await? else {
            return Ok(Err(Outcome::Refused { reason: "unknown_template" }));
        };
        match render(due, &template, recipient.first_name, address) {
            Ok(prepared) => self.keep(notification, &prepared).await,
            Err(outcome) => Ok(Err(outcome)),
        }
    }

    /// What is kept is what is sent, whoever was faster. Nothing is kept for a user who was erased meanwhile.
    async fn keep(
        &self,
        notification: &Notification,
        prepared: &Prepared,
    ) -> anyhow::Result<Result<Prepared, Outcome>> {
        let mut conn = self.database.acquire().await?;
        store::keep_message(&mut conn, notification.id, prepared).await?;
        let kept = store::find_message(&mut conn, notification.id).await?;
        Ok(kept.ok_or(Outcome::Refused { reason: "ended_meanwhile" }))
    }

    async fn template(&self, notification: &Notification) -> sqlx::Result<Option<Template>> {
        let (name, channel) = (notification.template.as_str(), notification.channel);
        let id = format!("{CACHED_SHAPE}:{}:{name}", channel.name());
        self.templates
            .get_or_load(&id, async || {
                let mut conn = self.database.acquire().await?;
                store::find_template(&mut conn, name, channel).await
            })
            .await
    }
}

fn address(due: &Due, recipient: &Recipient, phone: Option<&PhoneNumber>) -> Option<String> {
    match due.found.notification.channel {
        Channel::Email => Some(due.address.as_ref().unwrap_or(&recipient.email).clone()),
        Channel::Sms => phone.map(|phone| phone.as_str().to_owned()),
    }
}

fn render(
    due: &Due,
    template: &Template,
    first_name: String,
    address: String,
) -> Result<Prepared, Outcome> {
    let mut values = due.parameters.clone();
    values.insert("first_name".to_owned(), first_name);
    match template.render(&values) {
        Ok(message) => Ok(Prepared { address, message }),
        Err(error) => {
            let template = &due.found.notification.template;
            tracing::error!(error = %error.kind(), template, "the template does not fit its values");
            Err(Outcome::Refused { reason: "unfit_template" })
        }
    }
}
