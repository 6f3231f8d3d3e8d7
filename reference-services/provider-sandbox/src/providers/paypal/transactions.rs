//! The transaction search, by the customer's own id of a payment.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::exchange::Answer;

/// Event code of a payment.
const PAYMENT: &str = "T0006";
/// Event code of a refund.
const REFUND: &str = "T1107";

/// The answer to a search, from the requests that had an effect and the answers they got.
#[must_use]
pub fn transactions(payment_id: &str, found: &[(Value, Value)]) -> Answer {
    let details: Vec<_> = found
        .iter()
        .map(|(_, response)| json!({"transaction_info": info(payment_id, response)}))
        .collect();
    Answer::plain(StatusCode::OK, json!({"transaction_details": details, "total_pages": 1}))
}

fn info(payment_id: &str, response: &Value) -> Value {
    let capture = &response["purchase_units"][0]["payments"]["captures"][0];
    let (code, made) = if capture.is_null() { (REFUND, response) } else { (PAYMENT, capture) };
    json!({
        "transaction_id": made["id"], "transaction_event_code": code, "transaction_status": "S",
        "transaction_amount": made["amount"], "custom_field": payment_id, "invoice_id": made["invoice_id"],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payments_and_refunds_are_told_apart() {
        let capture = json!({"purchase_units": [{"payments": {"captures": [{"id": "CAP-1"}]}}]});
        let refund = json!({"id": "REF-1", "invoice_id": "r-1"});
        let answer = transactions("p-1", &[(json!({}), capture), (json!({}), refund)]).body;
        let info = |at: usize| &answer["transaction_details"][at]["transaction_info"];
        assert_eq!(
            (&info(0)["transaction_id"], &info(0)["transaction_event_code"]),
            (&json!("CAP-1"), &json!(PAYMENT))
        );
        assert_eq!(
            (&info(1)["invoice_id"], &info(1)["transaction_event_code"]),
            (&json!("r-1"), &json!(REFUND))
        );
    }
}
