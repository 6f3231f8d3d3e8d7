//! Stripe's refunds: the whole charge or a part of it, never more than is left.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Form, amount, error, event, failed, metadata, required};
use crate::exchange::{Answer, Charge, Movement, Operation, Outcome};
use crate::providers::new_id;
use crate::webhook::Webhook;

/// A request for money back.
#[derive(Debug)]
pub struct Refund {
    payment_intent: String,
    amount: Option<i64>,
    metadata: Map<String, Value>,
}

impl Refund {
    /// Reads the form; the answer to a bad one names the parameter.
    pub fn parse(form: &Form) -> Result<Self, Answer> {
        Ok(Self {
            payment_intent: required(form, "payment_intent")?,
            amount: amount(form)?,
            metadata: metadata(form),
        })
    }

    /// The charge to pay back.
    #[must_use]
    pub fn payment_intent(&self) -> &str {
        &self.payment_intent
    }

    /// The refund of a charge that was made. Without an amount, of all that is left.
    #[must_use]
    pub fn of(self, charge: Charge) -> ChargeRefund {
        let amount = self.amount.unwrap_or(charge.left());
        ChargeRefund { amount, charge, metadata: self.metadata }
    }
}

/// Money back for a captured charge.
#[derive(Debug)]
pub struct ChargeRefund {
    charge: Charge,
    amount: i64,
    metadata: Map<String, Value>,
}

impl Operation for ChargeRefund {
    fn accepted(&self) -> Answer {
        let id = new_id("re_");
        let body = json!({
            "id": id, "object": "refund", "amount": self.amount, "currency": self.charge.currency.to_lowercase(),
            "payment_intent": self.charge.reference, "status": "succeeded", "metadata": self.metadata,
        });
        Answer::made(StatusCode::OK, body, id)
    }

    fn declined(&self) -> Answer {
        let (code, message) = if self.charge.left() == 0 {
            ("charge_already_refunded", "The charge has already been refunded.")
        } else {
            ("charge_not_refundable", "This amount of the charge cannot be refunded.")
        };
        error(
            StatusCode::BAD_REQUEST,
            &json!({"type": "invalid_request_error", "code": code, "message": message}),
        )
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

    /// Tells of the charge, with all that has gone back of it so far.
    fn webhook(&self, outcome: Outcome, _: &Answer, refunded_minor: i64) -> Option<Webhook> {
        if outcome != Outcome::Accepted {
            return None;
        }
        let form: Form = serde_json::from_value(self.charge.request.clone()).ok()?;
        let charge = json!({
            "object": "charge", "payment_intent": self.charge.reference, "amount": self.charge.amount_minor,
            "amount_refunded": refunded_minor, "refunded": refunded_minor == self.charge.amount_minor,
            "currency": self.charge.currency.to_lowercase(), "metadata": metadata(&form),
        });
        Some(event("charge.refunded", &charge))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refund(amount: Option<&str>, refunded_minor: i64) -> ChargeRefund {
        let mut form = Form::from([("payment_intent".to_owned(), "pi_1".to_owned())]);
        form.extend(amount.map(|amount| ("amount".to_owned(), amount.to_owned())));
        let request = json!({"metadata[payment_id]": "p-1"});
        let charge = Charge {
            reference: "pi_1".to_owned(),
            amount_minor: 1000,
            currency: "USD".to_owned(),
            refunded_minor,
            request,
        };
        Refund::parse(&form).unwrap().of(charge)
    }

    #[test]
    fn without_an_amount_all_that_is_left_goes_back() {
        assert_eq!(refund(None, 300).accepted().body["amount"], 700);
        assert_eq!(refund(Some("200"), 300).accepted().body["amount"], 200);
    }

    #[test]
    fn the_webhook_tells_whose_charge_it_is_and_how_much_is_back() {
        let refund = refund(Some("200"), 300);
        let webhook = refund.webhook(Outcome::Accepted, &refund.accepted(), 500).unwrap();
        let event: Value = serde_json::from_str(&webhook.body).unwrap();
        let charge = &event["data"]["object"];
        assert_eq!((&charge["amount_refunded"], &charge["refunded"]), (&json!(500), &json!(false)));
        assert_eq!(charge["metadata"]["payment_id"], "p-1");
    }
}
