//! PagerDuty's route.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use ecotrack_chassis::ApiResult;
use serde_json::Value;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::desk::{Desk, respond};
use crate::exchange::{Answer, Call};
use crate::provider::Provider;
use crate::providers::pagerduty::{self, AlertEvent};

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(enqueue))
}

/// Takes an event. Like the original it reads JSON whatever the request calls it.
#[utoipa::path(post, path = "/pagerduty/v2/enqueue", tag = "pagerduty", request_body = Value,
    responses((status = 202, description = "processed", body = Value), (status = 400, description = "not an event", body = Value),
        (status = 500, description = "an armed fault", body = Value)))]
async fn enqueue(State(desk): State<Desk>, body: Bytes) -> ApiResult<Response> {
    let event = read(&body);
    match event {
        Ok((request, event)) => {
            let call = Call {
                provider: Provider::PagerDuty,
                operation: "enqueue".to_owned(),
                idempotency_key: None,
                credential: None,
                request,
            };
            desk.serve(call, &event, || pagerduty::invalid("sent twice")).await
        }
        Err(answer) => Ok(respond(answer)),
    }
}

fn read(body: &[u8]) -> Result<(Value, AlertEvent), Answer> {
    let document: Value =
        serde_json::from_slice(body).map_err(|error| pagerduty::invalid(&error.to_string()))?;
    let event = AlertEvent::parse(&document)?;
    Ok((document, event))
}
