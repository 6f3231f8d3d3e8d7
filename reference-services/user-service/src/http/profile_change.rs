//! `PATCH /api/users/me` and `DELETE /api/users/me`

use axum::{extract::State, http::StatusCode};
use ecotrack_chassis::{ApiError, ApiResult, error::Violation, extract::Json};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{callers::SignedIn, profile::ProfileBody};
use crate::{
    accounts::Accounts,
    domain::{Address, AddressForm, Bio, Change, Checks, Name, Picture, ProfileChanges},
};

/// What shall change. A field that is absent stays; `null` empties one that may be empty. Address of e-mails, roles and id are
/// not for their owner to change.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileChangeRequest {
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 100, pattern = r"^(?!\s*$)[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$", example = "Ann")]
    first_name: Change<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, min_length = 1, max_length = 100, pattern = r"^(?!\s*$)[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$", example = "Example")]
    last_name: Change<String>,
    /// What others may call them.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, pattern = r"^(?!\s*$)[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$", example = "Annie")]
    display_name: Change<Option<String>>,
    /// A few words about oneself; may have several lines.
    #[serde(default)]
    #[schema(value_type = Option<String>, nullable = false, max_length = 1000, pattern = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$", example = "I like long walks.")]
    bio: Change<String>,
    /// An https address; we never fetch it.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 2048, pattern = r"^https://([a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?\.)+[a-z]{2,20}(/[A-Za-z0-9._~-]*)*$", example = "https://images.example.com/ann.png")]
    avatar_url: Change<Option<String>>,
    /// Where parcels go, as a whole.
    #[serde(default)]
    #[schema(value_type = Option<AddressForm>)]
    address: Change<Option<AddressForm>>,
}

impl ProfileChangeRequest {
    /// Names everything that is wrong, not only the first.
    fn parse(self) -> Result<ProfileChanges, Vec<Violation>> {
        let mut checks = Checks::default();
        let changes = ProfileChanges {
            first_name: checks.change("/first_name", self.first_name, |text| Name::parse(&text)),
            last_name: checks.change("/last_name", self.last_name, |text| Name::parse(&text)),
            display_name: checks.change("/display_name", self.display_name, |text| {
                text.map(|text| Name::parse(&text)).transpose()
            }),
            bio: checks.change("/bio", self.bio, |text| Bio::parse(&text)),
            avatar_url: checks.change("/avatar_url", self.avatar_url, |text| {
                text.map(|text| Picture::parse(&text)).transpose()
            }),
            address: match self.address {
                Change::Keep => Change::Keep,
                Change::To(form) => checks
                    .take(form.map(|form| Address::parse(&form)).transpose())
                    .map_or(Change::Keep, Change::To),
            },
        };
        checks.conclude(Some(changes))
    }
}

/// Changes the caller's own profile.
#[utoipa::path(patch, path = "/api/users/me", tag = "profiles", security(("bearer" = [])), request_body = ProfileChangeRequest, responses(
    (status = 200, description = "The profile after the change", body = ProfileBody),
))]
pub(super) async fn change(
    SignedIn(caller): SignedIn,
    State(accounts): State<Accounts>,
    Json(request): Json<ProfileChangeRequest>,
) -> ApiResult<axum::Json<ProfileBody>> {
    let changes = request.parse().map_err(ApiError::invalid)?;
    let profile = accounts.change_profile(caller.user_id, changes).await?;
    profile.map(|profile| axum::Json(profile.into())).ok_or_else(ApiError::not_found)
}

/// Erases the caller's account and everything personal, and ends all its sessions.
#[utoipa::path(delete, path = "/api/users/me", tag = "profiles", security(("bearer" = [])), responses(
    (status = 204, description = "The account is gone"),
))]
pub(super) async fn erase(
    SignedIn(caller): SignedIn,
    State(accounts): State<Accounts>,
) -> ApiResult<StatusCode> {
    if accounts.erase(caller.user_id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found())
    }
}
