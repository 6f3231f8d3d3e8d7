//! The provider's ledger, and the money it moved.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// Minor units in a major one: every currency of the shop has cents.
const MINOR_PER_MAJOR: i64 = 100;

/// A line of the ledger, as the provider shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Position.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who was asked.
    pub provider: String,
    /// For what.
    pub operation: String,
    /// The customer's promise that a repetition is the same request.
    pub idempotency_key: Option<String>,
    /// The provider's id of what it made.
    pub reference: Option<String>,
    /// `accepted`, `declined`, `replayed`, `refused`, `failed` or `unanswered`.
    pub outcome: String,
    /// `request`, `status`, `response`.
    pub body: Value,
}

/// In which direction money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferKind {
    /// To the shop.
    Capture,
    /// Back.
    Refund,
}

/// Money that the provider really moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// In which direction.
    pub kind: TransferKind,
    /// Position in the ledger.
    pub entry: i64,
    /// The order that was paid, if the entry says so.
    pub order_id: Option<Uuid>,
    /// The charge a refund is of; of a capture, its own id.
    pub charge: Option<String>,
    /// In minor units; a refund without an amount is of everything.
    pub amount_minor: Option<i64>,
    /// ISO 4217.
    pub currency: Option<String>,
}

impl Entry {
    /// The money this entry moved, if it did: a replay, a decline, a refusal and a fault move none.
    #[must_use]
    pub fn transfer(&self) -> Option<Transfer> {
        if self.outcome != "accepted" {
            return None;
        }
        match (self.provider.as_str(), self.operation.contains("refund")) {
            ("stripe", false) => Some(self.stripe_capture()),
            ("stripe", true) => Some(self.stripe_refund()),
            ("paypal", false) => Some(self.paypal_capture()),
            ("paypal", true) => Some(self.paypal_refund()),
            _ => None,
        }
    }

    /// The customer's own name for the message that this entry sent, if it sent one.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        let is_message = matches!(self.provider.as_str(), "sendgrid" | "twilio");
        self.idempotency_key.as_deref().filter(|_| is_message && self.outcome == "accepted")
    }

    fn stripe_capture(&self) -> Transfer {
        let request = &self.body["request"];
        Transfer {
            kind: TransferKind::Capture,
            entry: self.id,
            order_id: id(&request["metadata[order_id]"]),
            charge: self.reference.clone(),
            amount_minor: whole(&request["amount"]),
            currency: request["currency"].as_str().map(str::to_uppercase),
        }
    }

    fn stripe_refund(&self) -> Transfer {
        let request = &self.body["request"];
        Transfer {
            kind: TransferKind::Refund,
            entry: self.id,
            order_id: id(&request["metadata[order_id]"]),
            charge: request["payment_intent"].as_str().map(str::to_owned),
            amount_minor: whole(&request["amount"]),
            currency: None,
        }
    }

    fn paypal_capture(&self) -> Transfer {
        let unit = &self.body["request"]["purchase_units"][0];
        Transfer {
            kind: TransferKind::Capture,
            entry: self.id,
            order_id: id(&unit["reference_id"]),
            charge: self.reference.clone(),
            amount_minor: decimal(&unit["amount"]["value"]),
            currency: unit["amount"]["currency_code"].as_str().map(str::to_owned),
        }
    }

    fn paypal_refund(&self) -> Transfer {
        let (request, response) = (&self.body["request"], &self.body["response"]);
        let charge = request["capture_id"].as_str().or(response["capture_id"].as_str());
        let amount = &request["refund"]["amount"];
        Transfer {
            kind: TransferKind::Refund,
            entry: self.id,
            order_id: None,
            charge: charge.map(str::to_owned),
            amount_minor: decimal(&amount["value"]),
            currency: amount["currency_code"].as_str().map(str::to_owned),
        }
    }
}

fn id(value: &Value) -> Option<Uuid> {
    value.as_str()?.parse().ok()
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// Minor units of a decimal text such as `12.50`.
pub(crate) fn decimal(value: &Value) -> Option<i64> {
    let (major, minor) = value.as_str()?.split_once('.')?;
    let minor = (minor.len() == 2).then(|| minor.parse::<i64>().ok())??;
    major.parse::<i64>().ok()?.checked_mul(MINOR_PER_MAJOR)?.checked_add(minor)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(provider: &str, operation: &str, outcome: &str, request: &Value) -> Entry {
        Entry {
            id: 7,
            at: DateTime::UNIX_EPOCH,
            provider: provider.to_owned(),
            operation: operation.to_owned(),
            idempotency_key: None,
            reference: Some("ref".to_owned()),
            outcome: outcome.to_owned(),
            body: json!({"request": request, "status": 200, "response": {"capture_id": "CAP-1"}}),
        }
    }

    #[test]
    fn a_stripe_charge_says_whose_and_how_much() {
        let order = Uuid::now_v7();
        let request = json!({"amount": "1999", "currency": "usd", "metadata[order_id]": order});
        let transfer = entry("stripe", "payment_intent", "accepted", &request).transfer().unwrap();
        assert_eq!((transfer.kind, transfer.order_id), (TransferKind::Capture, Some(order)));
        assert_eq!(
            (transfer.amount_minor, transfer.currency.as_deref()),
            (Some(1999), Some("USD"))
        );
    }

    #[test]
    fn a_paypal_charge_says_whose_and_how_much() {
        let order = Uuid::now_v7();
        let unit =
            json!({"reference_id": order, "amount": {"currency_code": "EUR", "value": "19.99"}});
        let request = json!({"purchase_units": [unit]});
        let transfer = entry("paypal", "order", "accepted", &request).transfer().unwrap();
        assert_eq!((transfer.amount_minor, transfer.order_id), (Some(1999), Some(order)));
    }

    #[test]
    fn a_refund_names_its_charge() {
        let request = json!({"payment_intent": "pi_1", "amount": "5"});
        let stripe = entry("stripe", "refund", "accepted", &request).transfer().unwrap();
        assert_eq!((stripe.kind, stripe.charge.as_deref()), (TransferKind::Refund, Some("pi_1")));
        let whole = entry("paypal", "refund", "accepted", &Value::Null).transfer().unwrap();
        assert_eq!((whole.charge.as_deref(), whole.amount_minor), (Some("CAP-1"), None));
        let part = json!({"capture_id": "CAP-2", "refund": {"amount": {"value": "5.00", "currency_code": "EUR"}}});
        let part = entry("paypal", "refund", "accepted", &part).transfer().unwrap();
        assert_eq!((part.charge.as_deref(), part.amount_minor), (Some("CAP-2"), Some(500)));
    }

    #[test]
    fn only_what_was_accepted_moved_money() {
        for outcome in ["declined", "replayed", "refused", "failed", "unanswered"] {
            assert_eq!(entry("stripe", "payment_intent", outcome, &Value::Null).transfer(), None);
        }
        assert_eq!(entry("sendgrid", "mail", "accepted", &Value::Null).transfer(), None);
    }

    #[test]
    fn decimal_text_is_whole_cents() {
        assert_eq!(decimal(&json!("12.50")), Some(1250));
        for bad in ["12", "12.5", "12.505", "x.00"] {
            assert_eq!(decimal(&json!(bad)), None, "{bad}");
        }
    }
}
