//! A profile, and what its owner may change of it. The address of e-mails, the roles and the id are not among that.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Address, Change, Name, Picture, line::is_visible};

/// Longest text a customer may write about themselves, in characters.
const MAX_BIO: usize = 1000;

/// What a user has told us about themselves; theirs alone to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub(crate) struct Profile {
    pub(crate) user_id: Uuid,
    pub(crate) email: String,
    pub(crate) first_name: Name,
    pub(crate) last_name: Name,
    pub(crate) display_name: Option<Name>,
    pub(crate) bio: Bio,
    pub(crate) avatar_url: Option<Picture>,
    #[sqlx(json(nullable))]
    pub(crate) address: Option<Address>,
    #[sqlx(json)]
    pub(crate) preferences: serde_json::Value,
    pub(crate) created_at: DateTime<Utc>,
}

/// What a customer writes about themselves; may be empty and have several lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(transparent)]
#[sqlx(transparent)]
pub(crate) struct Bio(String);

/// What shall be changed of a profile.
#[derive(Debug, Clone, Default)]
pub(crate) struct ProfileChanges {
    pub(crate) first_name: Change<Name>,
    pub(crate) last_name: Change<Name>,
    pub(crate) display_name: Change<Option<Name>>,
    pub(crate) bio: Change<Bio>,
    pub(crate) avatar_url: Change<Option<Picture>>,
    pub(crate) address: Change<Option<Address>>,
}

impl Profile {
    /// The profile after the changes.
    #[must_use]
    pub(crate) fn with(mut self, changes: ProfileChanges) -> Self {
        changes.first_name.apply(&mut self.first_name);
        changes.last_name.apply(&mut self.last_name);
        changes.display_name.apply(&mut self.display_name);
        changes.bio.apply(&mut self.bio);
        changes.avatar_url.apply(&mut self.avatar_url);
        changes.address.apply(&mut self.address);
        self
    }
}

impl Bio {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > MAX_BIO {
            return Err(format!("must have at most {MAX_BIO} characters"));
        }
        if !text.chars().all(|character| character == '\n' || is_visible(character)) {
            return Err("must not have control characters".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn profile() -> Profile {
        Profile {
            user_id: Uuid::nil(),
            email: "ann@example.com".to_owned(),
            first_name: Name::parse("Ann").unwrap(),
            last_name: Name::parse("Example").unwrap(),
            display_name: None,
            bio: Bio::default(),
            avatar_url: None,
            address: None,
            preferences: serde_json::json!({}),
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_text_about_oneself_is_bounded_and_plain() {
        assert!(Bio::parse("two\nlines").is_ok());
        assert!(Bio::parse(&"x".repeat(MAX_BIO + 1)).is_err());
        assert!(Bio::parse("bell\u{7}").is_err());
    }

    proptest! {
        #[test]
        fn no_change_touches_what_is_not_ones_own_to_change(name in "[a-z]{1,20}", clear in any::<bool>()) {
            let name = Name::parse(&name).unwrap();
            let changes = ProfileChanges {
                first_name: Change::To(name.clone()),
                display_name: if clear { Change::To(None) } else { Change::To(Some(name.clone())) },
                ..ProfileChanges::default()
            };
            let (before, after) = (profile(), profile().with(changes));
            prop_assert_eq!((&after.user_id, &after.email, &after.created_at), (&before.user_id, &before.email, &before.created_at));
            prop_assert_eq!(&after.last_name, &before.last_name);
            prop_assert_eq!(&after.first_name, &name);
            prop_assert_eq!(after.display_name.is_none(), clear);
        }
    }
}
