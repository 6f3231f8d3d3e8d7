//! Refunds of captures: the whole amount or a part of it, never more than is left.

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Amount, event, failed, invalid, unprocessable};
use crate::exchange::{Answer, Charge, Movement, Operation, Outcome};
use crate::providers::{decimal, minor_units, new_id};
use crate::webhook::Webhook;

/// A request for money back. Without an amount, for all that is left.
#[derive(Debug, Default, Deserialize)]
pub struct Refund {
    amount: Option<Amount>,
    invoice_id: Option<String>,
}

impl Refund {
    /// Reads the document; none at all is one without an amount.
    pub fn parse(document: &Value) -> Result<Self, Answer> {
        if document.is_null() {
            return Ok(Self::default());
        }
        Self::deserialize(document).map_err(|error| invalid(&error.to_string()))
    }

    /// The refund of a capture that was made.
    pub fn of(self, charge: Charge) -> Result<CaptureRefund, Answer> {
        let amount = match self.amount {
            None => charge.left(),
            Some(amount) if amount.currency_code != charge.currency => {
                return Err(unprocessable(
                    "CURRENCY_MISMATCH",
                    "The currency is not that of the capture.",
                ));
            }
            Some(amount) => minor_units(&amount.value)
                .ok_or_else(|| invalid("amount.value must be a positive amount"))?,
        };
        Ok(CaptureRefund { charge, amount, invoice_id: self.invoice_id })
    }
}

/// Money back for a capture.
#[derive(Debug)]
pub struct CaptureRefund {
    charge: Charge,
    amount: i64,
    invoice_id: Option<String>,
}

impl CaptureRefund {
    fn money(&self, minor: i64) -> Value {
        json!({"currency_code": self.charge.currency, "value": decimal(minor)})
    }
}

impl Operation for CaptureRefund {
    fn accepted(&self) -> Answer {
        let id = new_id("REF-");
        let body = json!({
            "id": id, "status": "COMPLETED", "amount": self.money(self.amount),
            "invoice_id": self.invoice_id, "capture_id": self.charge.reference,
        });
        Answer::made(StatusCode::CREATED, body, id)
    }

    fn declined(&self) -> Answer {
        if self.charge.left() == 0 {
            unprocessable("CAPTURE_FULLY_REFUNDED", "The capture has already been fully refunded.")
        } else {
            unprocessable("REFUND_NOT_ALLOWED", "This amount of the capture cannot be refunded.")
        }
    }

    fn failed(&self) -> Answer {
        failed()
    }

    fn movement(&self) -> Option<Movement> {
        Some(Movement {
            amount_minor: self.amount,
            currency: self.charge.currency.clone(),
            parent: Some(self.charge.reference.clone()),
        })
    }

    fn webhook(&self, outcome: Outcome, answer: &Answer, refunded_minor: i64) -> Option<Webhook> {
        if outcome != Outcome::Accepted {
            return None;
        }
        let refund = json!({
            "id": answer.reference, "status": "COMPLETED", "amount": self.money(self.amount),
            "capture_id": self.charge.reference, "capture_amount": self.money(self.charge.amount_minor),
            "invoice_id": self.invoice_id, "custom_id": self.charge.request["purchase_units"][0]["custom_id"],
            "seller_payable_breakdown": {"total_refunded_amount": self.money(refunded_minor)},
        });
        Some(event("PAYMENT.CAPTURE.REFUNDED", "refund", &refund))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge() -> Charge {
        Charge {
            reference: "CAP-1".to_owned(),
            amount_minor: 1999,
            currency: "USD".to_owned(),
            refunded_minor: 1000,
            request: json!({"purchase_units": [{"custom_id": "p-1"}]}),
        }
    }

    #[test]
    fn a_refund_without_a_document_is_of_all_that_is_left() {
        let refund = Refund::parse(&Value::Null).unwrap().of(charge()).unwrap();
        assert_eq!(refund.accepted().body["amount"]["value"], "9.99");
    }

    #[test]
    fn a_refund_is_in_the_currency_of_the_capture() {
        let euros = json!({"amount": {"currency_code": "EUR", "value": "1.00"}});
        assert!(Refund::parse(&euros).unwrap().of(charge()).is_err());
    }

    #[test]
    fn the_webhook_tells_whose_capture_it_is_and_how_much_is_back() {
        let refund = Refund::default().of(charge()).unwrap();
        let webhook = refund.webhook(Outcome::Accepted, &refund.accepted(), 1999).unwrap();
        let event: Value = serde_json::from_str(&webhook.body).unwrap();
        let resource = &event["resource"];
        assert_eq!(resource["custom_id"], "p-1");
        assert_eq!(resource["seller_payable_breakdown"]["total_refunded_amount"]["value"], "19.99");
    }
}
