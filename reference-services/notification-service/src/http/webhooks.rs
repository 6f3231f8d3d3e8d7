//! What providers report. Anybody can reach these routes; only a signature makes a report believed.
//!
//! A report that was recorded and sent again within the tolerance changes nothing: notifications only ever move onwards.

mod signature;

pub(crate) use signature::Signatures;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use ecotrack_chassis::extract::Raw;
use ecotrack_chassis::word::is_id;
use ecotrack_chassis::{ApiError, ApiResult};
use ecotrack_events::Fault;
use serde::Deserialize;
use url::form_urlencoded;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::domain::channel::Channel;
use crate::domain::report::Report;
use crate::metrics::Verdict;
use crate::reports::Subject;
use crate::state::AppState;

/// Largest report, in bytes.
const BODY_LIMIT: usize = 256 * 1024;

/// The routes.
pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(report_mails))
        .routes(routes!(report_sms))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
}

/// One entry of a mail report. The provider may say more.
#[derive(Deserialize, ToSchema)]
struct MailEvent {
    /// `delivered`, `bounce` or `dropped`; others are ignored.
    #[schema(example = "delivered")]
    event: String,
    /// The provider's id of the mail.
    #[schema(example = "msg_1")]
    sg_message_id: Option<String>,
    /// Our id of it.
    notification_id: Option<String>,
}

/// The status of a text message. The provider may say more.
#[derive(Default, ToSchema)]
#[schema(rename_all = "PascalCase")]
struct SmsStatus {
    /// The provider's id of the message.
    #[schema(example = "SM1")]
    message_sid: String,
    /// `delivered`, `undelivered` or `failed`; others are ignored.
    #[schema(example = "delivered")]
    message_status: String,
}

/// What became of mails.
#[utoipa::path(post, path = "/api/notifications/webhooks/sendgrid", tag = "webhooks", request_body = Vec<MailEvent>,
    params(("webhook-signature" = String, Header, description = "`t=<unix seconds>,v1=<hex HMAC-SHA256 of t.body>`")),
    responses(
        (status = 200, description = "taken note of")))]
async fn report_mails(
    State(state): State<AppState>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> ApiResult<StatusCode> {
    state.signatures.check(signature::SENDGRID, &headers, &body)?;
    let events: Vec<MailEvent> = serde_json::from_slice(&body).map_err(unreadable)?;
    for event in events {
        let applied = report_mail(&state, &event).await?;
        state.signatures.count(signature::SENDGRID, applied);
    }
    Ok(StatusCode::OK)
}

/// The log is told where, and never what was there: a report names people.
fn unreadable(error: serde_json::Error) -> ApiError {
    ApiError::bad_request("the body is not a list of events").caused_by(Fault::from(error))
}

async fn report_mail(state: &AppState, event: &MailEvent) -> ApiResult<Verdict> {
    let id = event.notification_id.as_deref().and_then(|id| Uuid::parse_str(id).ok());
    let report = Report::of_sendgrid(&event.event);
    let (Some(notification_id), Some(reference), Some(report)) =
        (id, event.sg_message_id.as_deref().filter(|id| is_id(id)), report)
    else {
        return Ok(Verdict::Ignored);
    };
    let subject = Subject::Ours { notification_id, reference };
    Ok(Verdict::of(state.reports.apply(&subject, report).await?))
}

/// What became of a text message.
#[utoipa::path(post, path = "/api/notifications/webhooks/twilio", tag = "webhooks",
    request_body(content = SmsStatus, content_type = "application/x-www-form-urlencoded"),
    params(("webhook-signature" = String, Header, description = "`t=<unix seconds>,v1=<hex HMAC-SHA256 of t.body>`")),
    responses(
        (status = 200, description = "taken note of")))]
async fn report_sms(
    State(state): State<AppState>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> ApiResult<StatusCode> {
    state.signatures.check(signature::TWILIO, &headers, &body)?;
    let status = sms_status(&body);
    let verdict = match Report::of_twilio(&status.message_status) {
        Some(report) if is_id(&status.message_sid) => {
            let subject = Subject::Theirs { channel: Channel::Sms, reference: &status.message_sid };
            Verdict::of(state.reports.apply(&subject, report).await?)
        }
        _ => Verdict::Ignored,
    };
    state.signatures.count(signature::TWILIO, verdict);
    Ok(StatusCode::OK)
}

fn sms_status(body: &[u8]) -> SmsStatus {
    let mut status = SmsStatus::default();
    for (name, value) in form_urlencoded::parse(body) {
        match &*name {
            "MessageSid" => status.message_sid = value.into_owned(),
            "MessageStatus" => status.message_status = value.into_owned(),
            _ => {}
        }
    }
    status
}
