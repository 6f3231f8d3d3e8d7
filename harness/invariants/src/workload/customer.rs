//! A customer: an account, and a session that is begun again before it ends.

use std::time::Duration;

use anyhow::bail;
use tokio::sync::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

use super::Settings;
use super::shop::{Asker, Shop, read};
use crate::journal::Outcome;
use crate::patience::Patience;

/// How long signing up is tried: services may be starting.
const SIGN_UP_WITHIN: Duration = Duration::from_mins(1);
/// A session is begun again when this part of its time is over.
const RENEW_AFTER: f64 = 0.5;

/// A customer.
#[derive(Debug)]
pub(super) struct Customer {
    name: String,
    email: String,
    password: String,
    session_for: Duration,
    session: Mutex<Session>,
}

#[derive(Debug, Clone)]
struct Session {
    user_id: Uuid,
    token: String,
    renew_at: Instant,
}

impl Customer {
    /// Opens an account and begins a session, however often it takes.
    pub(super) async fn sign_up(
        shop: &Shop,
        settings: &Settings,
        number: usize,
    ) -> anyhow::Result<Self> {
        let (name, session_for) = (format!("{}-{number}", settings.run), settings.session_for);
        let email = format!("shopper-{name}@example.org");
        let password = Uuid::new_v4().to_string();
        let asker = Asker { session: name.clone(), user_id: None, token: None };
        let mut patience = Patience::new(SIGN_UP_WITHIN);
        while shop.register(&asker, &email, &password).await?.outcome != Outcome::Ok {
            if !patience.pause().await {
                bail!("nobody can register: see the journal for the answers");
            }
        }
        loop {
            if let Some(session) = log_in(shop, &asker, &email, &password, session_for).await? {
                let session = Mutex::new(session);
                return Ok(Self { name, email, password, session_for, session });
            }
            if !patience.pause().await {
                bail!("nobody can log in: see the journal for the answers");
            }
        }
    }

    /// Who asks in a visit: each has a session name of its own, for its reads follow one another.
    pub(super) async fn asker(&self, shop: &Shop, visit: u64) -> anyhow::Result<Asker> {
        let mut session = self.session.lock().await;
        if Instant::now() >= session.renew_at {
            let asker = Asker { session: self.name.clone(), user_id: None, token: None };
            // If it does not work now, the old one holds a while.
            let (email, password) = (&self.email, &self.password);
            if let Some(renewed) = log_in(shop, &asker, email, password, self.session_for).await? {
                *session = renewed;
            }
        }
        Ok(Asker {
            session: format!("{}/{visit}", self.name),
            user_id: Some(session.user_id),
            token: Some(session.token.clone()),
        })
    }
}

async fn log_in(
    shop: &Shop,
    asker: &Asker,
    email: &str,
    password: &str,
    session_for: Duration,
) -> anyhow::Result<Option<Session>> {
    let answer = shop.login(asker, email, password).await?;
    let document = read(&answer);
    let session = || {
        let lifetime = Duration::from_secs(document["expires_in"].as_u64()?);
        Some(Session {
            user_id: document["user_id"].as_str()?.parse().ok()?,
            token: document["access_token"].as_str()?.to_owned(),
            renew_at: Instant::now() + lifetime.mul_f64(RENEW_AFTER).min(session_for),
        })
    };
    Ok((answer.outcome == Outcome::Ok).then(session).flatten())
}
