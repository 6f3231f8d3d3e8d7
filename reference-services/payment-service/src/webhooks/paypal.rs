//! What `PayPal` tells.

use ecotrack_events::Money;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{Incoming, ReadError, id};
use crate::domain::notice::{News, Notice};

#[derive(Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "event_type")]
    kind: String,
    resource: Value,
}

#[derive(Deserialize)]
struct Capture {
    id: Option<String>,
    custom_id: Option<Uuid>,
    amount: Amount,
}

#[derive(Deserialize)]
struct Refund {
    capture_id: String,
    custom_id: Option<Uuid>,
    capture_amount: Amount,
    seller_payable_breakdown: Breakdown,
}

#[derive(Deserialize)]
struct Breakdown {
    total_refunded_amount: Amount,
}

#[derive(Deserialize)]
struct Amount {
    currency_code: String,
    value: String,
}

pub(super) fn read(body: &[u8]) -> Result<Incoming, ReadError> {
    let event: Event = serde_json::from_slice(body)?;
    let notice = match event.kind.as_str() {
        "PAYMENT.CAPTURE.COMPLETED" => of_capture(event.resource, |capture| {
            let reference = id(capture.id.unwrap_or_default(), "capture")?;
            Ok(News::Captured { reference })
        })?,
        "PAYMENT.CAPTURE.DENIED" => of_capture(event.resource, |_| {
            Ok(News::Declined { reason: "instrument_declined".to_owned() })
        })?,
        "PAYMENT.CAPTURE.REFUNDED" => of_refund(event.resource)?,
        _ => None,
    };
    Ok(Incoming { event_id: id(event.id, "id")?, notice })
}

fn of_capture(
    resource: Value,
    news: impl FnOnce(Capture) -> Result<News, ReadError>,
) -> Result<Option<Notice>, ReadError> {
    let capture: Capture = serde_json::from_value(resource)?;
    let Some(payment_id) = capture.custom_id else { return Ok(None) };
    let amount = capture.amount.money()?;
    Ok(Some(Notice { payment_id, amount, news: news(capture)? }))
}

fn of_refund(resource: Value) -> Result<Option<Notice>, ReadError> {
    let refund: Refund = serde_json::from_value(resource)?;
    let Some(payment_id) = refund.custom_id else { return Ok(None) };
    let total = refund.seller_payable_breakdown.total_refunded_amount.money()?;
    let amount = refund.capture_amount.money()?;
    let reference = id(refund.capture_id, "capture")?;
    Ok(Some(Notice { payment_id, amount, news: News::Refunded { reference, total } }))
}

impl Amount {
    fn money(&self) -> Result<Money, ReadError> {
        match Money::parse(&self.value, &self.currency_code) {
            Ok(money) => Ok(money),
            Err(_) => Err(ReadError::Value("amount")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_capture_is_known_by_our_own_id() {
        let payment_id = Uuid::now_v7();
        let event = json!({"id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": {
            "id": "CAP-1", "custom_id": payment_id, "amount": {"currency_code": "USD", "value": "19.99"},
        }});
        let notice = read(event.to_string().as_bytes()).unwrap().notice.unwrap();
        assert_eq!(notice.payment_id, payment_id);
        assert_eq!(notice.news, News::Captured { reference: "CAP-1".to_owned() });
    }

    #[test]
    fn a_capture_that_is_not_ours_is_no_news() {
        let event = json!({"id": "WH-1", "event_type": "PAYMENT.CAPTURE.DENIED", "resource": {
            "amount": {"currency_code": "USD", "value": "19.99"},
        }});
        assert_eq!(read(event.to_string().as_bytes()).unwrap().notice, None);
    }
}
