//! Access tokens: what they claim and how long.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ecotrack_chassis::auth::{AUDIENCE, Claims, ISSUER};
use uuid::Uuid;

/// How long a token lives. Long enough for a visit, short enough for a stolen one.
pub(crate) const LIFETIME: Duration = Duration::from_mins(15);
/// The same, for calendar arithmetic.
pub(crate) const LIFETIME_DELTA: TimeDelta = TimeDelta::minutes(15);

/// What a token issued now says.
pub(crate) fn claims(
    user_id: Uuid,
    session_id: Uuid,
    roles: Vec<String>,
    now: DateTime<Utc>,
) -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: user_id,
        exp: (now + LIFETIME_DELTA).timestamp(),
        nbf: now.timestamp(),
        iat: now.timestamp(),
        jti: Uuid::new_v4(),
        sid: session_id,
        roles,
    }
}
