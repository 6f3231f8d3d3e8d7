//! Opening a payment: the mesh lets only payment-service in, the token says for whom.

use axum::extract::State;
use ecotrack_chassis::auth::Caller;
use ecotrack_chassis::error::Problem;
use ecotrack_chassis::extract::{Json, Path};
use ecotrack_chassis::{ApiError, ApiResult};
use ecotrack_events::Money;
use serde::Deserialize;
use serde_json::json;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, KnownFormat, ObjectBuilder, OneOfBuilder, Schema, SchemaFormat,
    SchemaType, Type,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::shapes::PaymentDue;
use crate::orders::Opening;
use crate::state::AppState;

pub(super) fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(open_payment))
}

/// Which payment it is, and what the customer offers; without an offer it is only told what is owed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Offer {
    payment_id: Option<Uuid>,
    amount: Option<String>,
    currency: Option<String>,
}

impl ToSchema for Offer {}

/// By hand, as a derived one cannot say that the two belong together.
impl PartialSchema for Offer {
    fn schema() -> RefOr<Schema> {
        let payment_id = || {
            let id =
                ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Null]));
            id.format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
                .description(Some("The one payment that is let in"))
        };
        let object = || {
            ObjectBuilder::new()
                .additional_properties(Some(AdditionalProperties::FreeForm(false)))
                .property("payment_id", payment_id())
        };
        let text = |pattern: &str, description: &str| {
            let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(pattern));
            text.description(Some(description))
        };
        let null = || ObjectBuilder::new().schema_type(Type::Null);
        let nothing = object().property("amount", null()).property("currency", null());
        let money = object()
            .property("amount", text(r"^\d{1,12}\.\d{2}$", "Decimal text"))
            .property("currency", text("^(EUR|USD|GBP)$", "ISO 4217"))
            .required("amount")
            .required("currency");
        let either = OneOfBuilder::new().item(money).item(nothing);
        either
            .description(Some("What the customer offers; empty to be told what is owed"))
            .examples([json!({"amount": "19.98", "currency": "EUR"})])
            .into()
    }
}

impl Offer {
    fn parse(self) -> ApiResult<Opening> {
        let offered = match (self.amount, self.currency) {
            (None, None) => None,
            (Some(amount), Some(currency)) => Some(
                Money::parse(&amount, &currency)
                    .map_err(|error| ApiError::invalid_field("/amount", error.to_string()))?,
            ),
            _ => return Err(ApiError::invalid_field("", "amount and currency belong together")),
        };
        Ok(Opening { payment_id: self.payment_id, offered })
    }
}

/// Opens the payment of an order and says what is owed. Asked again for the same payment it says the same.
#[utoipa::path(post, path = "/api/orders/{order_id}/payment", tag = "payment-service", params(("order_id" = Uuid, Path)),
    security(("bearer" = [])), request_body = Offer,
    responses(
        (status = 200, body = PaymentDue, description = "The payment is open"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "Nothing to pay any more, or another payment is under way"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "Not what is owed; nothing was opened"),
    ))]
async fn open_payment(
    State(state): State<AppState>,
    caller: Caller,
    Path(order_id): Path<Uuid>,
    Json(offer): Json<Offer>,
) -> ApiResult<axum::Json<PaymentDue>> {
    let order = state.orders.open_payment(caller.user_id, order_id, offer.parse()?).await?;
    Ok(axum::Json(PaymentDue::from(&order)))
}
