//! What a user wants to be told, and how.

use std::collections::BTreeSet;

use super::category::Category;
use super::channel::Channel;
use super::notification::Notification;
use super::phone::PhoneNumber;
use super::template::TemplateName;

/// Why preferences cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PreferencesError {
    /// Somebody who took over an account would switch them off first.
    #[error("mails about security cannot be switched off")]
    MandatoryMail,
    /// Text messages to nowhere.
    #[error("a number is needed for text messages")]
    NoNumber,
}

/// What a user wants to be told, and how. Holds personal data, hence without `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Preferences {
    phone: Option<PhoneNumber>,
    email: BTreeSet<Category>,
    sms: BTreeSet<Category>,
}

impl Default for Preferences {
    /// Every mail, no text message.
    fn default() -> Self {
        Self { phone: None, email: Category::ALL.into(), sms: BTreeSet::new() }
    }
}

impl Preferences {
    /// Preferences that can be had.
    pub fn parse(
        phone: Option<PhoneNumber>,
        email: BTreeSet<Category>,
        sms: BTreeSet<Category>,
    ) -> Result<Self, PreferencesError> {
        let is_mandatory = |category: &Category| category.is_mandatory(Channel::Email);
        if Category::ALL.iter().any(|category| is_mandatory(category) && !email.contains(category))
        {
            return Err(PreferencesError::MandatoryMail);
        }
        if phone.is_none() && !sms.is_empty() {
            return Err(PreferencesError::NoNumber);
        }
        Ok(Self { phone, email, sms })
    }

    /// Where text messages go.
    #[must_use]
    pub const fn phone(&self) -> Option<&PhoneNumber> {
        self.phone.as_ref()
    }

    /// What is told on a channel.
    #[must_use]
    pub const fn wanted(&self, channel: Channel) -> &BTreeSet<Category> {
        match channel {
            Channel::Email => &self.email,
            Channel::Sms => &self.sms,
        }
    }

    /// The channels on which something of this category is told.
    pub fn channels(&self, category: Category) -> impl Iterator<Item = Channel> {
        Channel::ALL.into_iter().filter(move |channel| self.wanted(*channel).contains(&category))
    }

    /// Whether a notification is wanted. A template that this version does not know is nothing it could have been asked about.
    #[must_use]
    pub fn want(&self, notification: &Notification) -> bool {
        TemplateName::from_name(&notification.template)
            .is_none_or(|template| self.wanted(notification.channel).contains(&template.category()))
    }

    /// Whether something may still go to an address that was written down before: a number may be somebody else's by now.
    /// Mails that tell of a changed address go to the old one.
    #[must_use]
    pub fn reach(&self, channel: Channel, address: &str) -> bool {
        match channel {
            Channel::Email => true,
            Channel::Sms => self.phone.as_ref().is_some_and(|phone| phone.as_str() == address),
        }
    }

    /// Whether a notification that was wanted before still is, and still reaches the same place.
    #[must_use]
    pub fn still_want(&self, notification: &Notification, before: &Self) -> bool {
        let is_elsewhere = notification.channel == Channel::Sms && self.phone != before.phone;
        self.want(notification) && !is_elsewhere
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::*;

    fn number() -> Option<PhoneNumber> {
        PhoneNumber::parse("+4915112345678").ok()
    }

    #[test]
    fn without_a_word_there_are_mails_and_no_text_messages() {
        for category in Category::ALL {
            assert!(Preferences::default().channels(category).eq([Channel::Email]));
        }
    }

    #[test]
    fn text_messages_need_a_number() {
        let sms = BTreeSet::from([Category::Orders]);
        let refused = Preferences::parse(None, Category::ALL.into(), sms.clone());
        assert_eq!(refused.err(), Some(PreferencesError::NoNumber));
        let preferences = Preferences::parse(number(), Category::ALL.into(), sms).unwrap();
        assert!(preferences.channels(Category::Orders).eq([Channel::Email, Channel::Sms]));
        assert!(preferences.channels(Category::Payments).eq([Channel::Email]));
    }

    proptest! {
        #[test]
        fn whatever_is_chosen_a_mail_about_security_arrives(
            email in subsequence(Category::ALL.to_vec(), 0..=4), sms in subsequence(Category::ALL.to_vec(), 0..=4),
        ) {
            let wants_security = email.contains(&Category::Security);
            match Preferences::parse(number(), email.into_iter().collect(), sms.into_iter().collect()) {
                Ok(preferences) => prop_assert!(preferences.channels(Category::Security).any(|channel| channel == Channel::Email)),
                Err(error) => prop_assert!(error == PreferencesError::MandatoryMail && !wants_security),
            }
        }
    }
}
