//! `GET /api/users/me` and `GET /api/users/{id}`

use axum::extract::State;
use chrono::{DateTime, Utc};
use ecotrack_chassis::{ApiError, ApiResult, extract::Path};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::callers::SignedIn;
use crate::{
    accounts::Accounts,
    domain::{AddressForm, Profile},
};

/// What a user has told us about themselves; theirs alone to read.
#[derive(Serialize, ToSchema)]
pub(super) struct ProfileBody {
    user_id: Uuid,
    /// In lower case.
    email: String,
    first_name: String,
    last_name: String,
    /// What others may call them.
    display_name: Option<String>,
    bio: String,
    /// Where their picture is.
    avatar_url: Option<String>,
    /// Where parcels go.
    address: Option<AddressForm>,
    #[schema(value_type = Object)]
    preferences: serde_json::Value,
    created_at: DateTime<Utc>,
}

impl From<Profile> for ProfileBody {
    fn from(profile: Profile) -> Self {
        Self {
            user_id: profile.user_id,
            email: profile.email,
            first_name: profile.first_name.as_str().to_owned(),
            last_name: profile.last_name.as_str().to_owned(),
            display_name: profile.display_name.map(|name| name.as_str().to_owned()),
            bio: profile.bio.as_str().to_owned(),
            avatar_url: profile.avatar_url.map(|picture| picture.as_str().to_owned()),
            address: profile.address.as_ref().map(AddressForm::from),
            preferences: profile.preferences,
            created_at: profile.created_at,
        }
    }
}

/// The caller's own profile.
#[utoipa::path(get, path = "/api/users/me", tag = "profiles", security(("bearer" = [])), responses(
    (status = 200, description = "The profile", body = ProfileBody),
))]
pub(super) async fn me(
    SignedIn(caller): SignedIn,
    State(accounts): State<Accounts>,
) -> ApiResult<axum::Json<ProfileBody>> {
    let profile = accounts.find_profile(caller.user_id).await?.ok_or_else(ApiError::not_found)?;
    Ok(axum::Json(profile.into()))
}

/// A profile by id: one's own, also when another service asks on the user's behalf. Others' are not there.
#[utoipa::path(get, path = "/api/users/{id}", tag = "profiles", security(("bearer" = [])), params(("id" = Uuid, Path, description = "The user")), responses(
    (status = 200, description = "The profile", body = ProfileBody),
))]
pub(super) async fn by_id(
    caller: SignedIn,
    Path(id): Path<Uuid>,
    accounts: State<Accounts>,
) -> ApiResult<axum::Json<ProfileBody>> {
    caller.0.require_self(id)?;
    me(caller, accounts).await
}
