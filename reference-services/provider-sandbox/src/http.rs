//! The sandbox's routes: one module per provider, and the two that only a judge uses.

mod credential;
mod faults;
mod ledger;
mod pagerduty;
mod paypal;
mod sendgrid;
mod slack;
mod stripe;
mod twilio;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::desk::Desk;

#[derive(OpenApi)]
#[openapi(info(
    title = "provider-sandbox",
    description = "Payment, mail, SMS, chat and on-call providers as their customers see them, and the ledger of what they saw"
))]
struct Document;

/// All routes.
pub(crate) fn router(desk: Desk) -> OpenApiRouter {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(stripe::router())
        .merge(paypal::router())
        .merge(sendgrid::router())
        .merge(twilio::router())
        .merge(slack::router())
        .merge(pagerduty::router())
        .merge(ledger::router())
        .merge(faults::router())
        .with_state(desk)
}
