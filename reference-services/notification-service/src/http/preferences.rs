//! What a user wants to be told, and how.

mod schema;

use std::collections::BTreeSet;

use axum::extract::State;
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::error::Problem;
use ecotrack_chassis::extract::Json;
use ecotrack_chassis::{ApiError, ApiResult};
use serde::{Deserialize, Serialize};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::category::Category;
use crate::domain::channel::Channel;
use crate::domain::phone::PhoneNumber;
use crate::domain::preferences::{Preferences, PreferencesError};
use crate::state::AppState;

/// The routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(get_preferences, put_preferences))
}

/// What a user wants to be told, and how.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PreferencesDocument {
    phone: Option<String>,
    email: Switches,
    sms: Switches,
}

/// A channel's categories, each on or off.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one switch for each category, as users see them"
)]
struct Switches {
    account: bool,
    orders: bool,
    payments: bool,
    security: bool,
}

impl Switches {
    fn of(wanted: &BTreeSet<Category>) -> Self {
        let is_on = |category: Category| wanted.contains(&category);
        Self {
            account: is_on(Category::Account),
            orders: is_on(Category::Orders),
            payments: is_on(Category::Payments),
            security: is_on(Category::Security),
        }
    }

    fn wanted(&self) -> BTreeSet<Category> {
        let is_on = |category: &Category| match category {
            Category::Account => self.account,
            Category::Orders => self.orders,
            Category::Payments => self.payments,
            Category::Security => self.security,
        };
        Category::ALL.into_iter().filter(is_on).collect()
    }
}

impl PreferencesDocument {
    fn of(preferences: &Preferences) -> Self {
        Self {
            phone: preferences.phone().map(|phone| phone.as_str().to_owned()),
            email: Switches::of(preferences.wanted(Channel::Email)),
            sms: Switches::of(preferences.wanted(Channel::Sms)),
        }
    }

    fn parse(&self) -> ApiResult<Preferences> {
        let phone = self.phone.as_deref().map(PhoneNumber::parse).transpose();
        let phone = phone.map_err(|error| ApiError::invalid_field("/phone", error.to_string()))?;
        Preferences::parse(phone, self.email.wanted(), self.sms.wanted()).map_err(|error| {
            let pointer = match error {
                PreferencesError::MandatoryMail => "/email/security",
                PreferencesError::NoNumber => "/phone",
            };
            ApiError::invalid_field(pointer, error.to_string())
        })
    }
}

/// What the caller wants to be told, and how. Without a word: every mail, no text message.
#[utoipa::path(get, path = "/api/notifications/preferences", tag = "preferences", security(("bearer" = [])),
    responses(
        (status = 200, description = "the preferences", body = PreferencesDocument)))]
async fn get_preferences(
    State(state): State<AppState>,
    caller: Caller,
) -> ApiResult<axum::Json<PreferencesDocument>> {
    let preferences = state.choices.find(caller.user_id).await?;
    Ok(axum::Json(PreferencesDocument::of(&preferences)))
}

/// Replaces what the caller wants to be told, and how.
#[utoipa::path(put, path = "/api/notifications/preferences", tag = "preferences", security(("bearer" = [])),
    request_body = PreferencesDocument,
    responses(
        (status = 200, description = "the preferences as they are now", body = PreferencesDocument),
        (status = 404, body = Problem, content_type = "application/problem+json", description = "The account is gone")))]
async fn put_preferences(
    State(state): State<AppState>,
    caller: Caller,
    Json(document): Json<PreferencesDocument>,
) -> ApiResult<axum::Json<PreferencesDocument>> {
    let preferences = document.parse()?;
    if !state.choices.put(caller.user_id, &preferences).await? {
        return Err(ApiError::not_found());
    }
    Ok(axum::Json(PreferencesDocument::of(&preferences)))
}
