//! What an operator may decide about this service.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use ecotrack_chassis::config::Settings;
use uuid::Uuid;

use crate::tokens;

/// Tries to log in or to register that one source has in a minute, when nothing says otherwise: many customers may share one
/// address.
const DEFAULT_SOURCE_LIMIT: u32 = 300;
/// How long a key is published before it signs, when nothing says otherwise: the gateway keeps the keys it knows for five minutes.
const DEFAULT_KEY_LEAD: Duration = Duration::from_secs(330);

/// The settings of this service alone.
#[derive(Debug, Clone)]
pub(crate) struct UserSettings {
    /// `ECOTRACK_LOGIN_SOURCE_LIMIT`: tries per source and minute.
    pub(crate) source_limit: u32,
    /// `ECOTRACK_ACCESS_TOKEN_SECONDS`: how long an access token lives, at most [`tokens::MAX_LIFETIME`].
    pub(crate) token_lifetime: Duration,
    /// `ECOTRACK_SIGNING_KEY_LEAD_SECONDS`: how long a key is published before it signs.
    pub(crate) key_lead: Duration,
    /// `ECOTRACK_ADMIN_USER_IDS`: users who are admins as long as they are named here, separated by commas.
    pub(crate) admins: Arc<[Uuid]>,
}

impl UserSettings {
    pub(crate) fn load(settings: &Settings) -> anyhow::Result<Self> {
        let seconds =
            |key| settings.optional::<u64>(key).map(|found| found.map(Duration::from_secs));
        let token_lifetime =
            seconds("ECOTRACK_ACCESS_TOKEN_SECONDS")?.unwrap_or(tokens::MAX_LIFETIME);
        ensure!(
            (Duration::from_secs(1)..=tokens::MAX_LIFETIME).contains(&token_lifetime),
            "environment variable ECOTRACK_ACCESS_TOKEN_SECONDS is not valid: not 1 to {}",
            tokens::MAX_LIFETIME.as_secs()
        );
        let admins: Option<String> = settings.optional("ECOTRACK_ADMIN_USER_IDS")?;
        Ok(Self {
            source_limit: settings
                .optional("ECOTRACK_LOGIN_SOURCE_LIMIT")?
                .unwrap_or(DEFAULT_SOURCE_LIMIT),
            token_lifetime,
            key_lead: seconds("ECOTRACK_SIGNING_KEY_LEAD_SECONDS")?.unwrap_or(DEFAULT_KEY_LEAD),
            admins: ids(admins.as_deref().unwrap_or_default())?,
        })
    }
}

fn ids(list: &str) -> anyhow::Result<Arc<[Uuid]>> {
    let parts = list.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| {
            Uuid::parse_str(part).with_context(|| {
                format!(
                    "environment variable ECOTRACK_ADMIN_USER_IDS is not valid: {part} is no user id"
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn load(key: &str, value: &str) -> anyhow::Result<UserSettings> {
        let variables = [("ECOTRACK_ENVIRONMENT", "test"), (key, value)];
        let source: HashMap<String, String> =
            variables.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        UserSettings::load(&Settings::load("user-service", Arc::new(source))?)
    }

    #[test]
    fn no_token_lives_longer_than_a_quarter_of_an_hour() {
        assert_eq!(load("X", "").unwrap().token_lifetime, Duration::from_mins(15));
        assert!(load("ECOTRACK_ACCESS_TOKEN_SECONDS", "900").is_ok());
        for wrong in ["0", "901", "-1", "soon"] {
            assert!(load("ECOTRACK_ACCESS_TOKEN_SECONDS", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn admins_are_named_by_id_and_a_slip_is_not_overlooked() {
        let (one, two) = (Uuid::now_v7(), Uuid::now_v7());
        let admins = load("ECOTRACK_ADMIN_USER_IDS", &format!("{one}, {two}")).unwrap().admins;
        assert_eq!(*admins, [one, two]);
        assert!(load("ECOTRACK_ADMIN_USER_IDS", "ann@example.com").is_err());
    }
}
