//! What Stripe tells.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::{Incoming, ReadError, id, money};
use crate::domain::notice::{News, Notice};
use crate::domain::outcome::{self, REFUSED};

#[derive(Deserialize)]
struct Event {
    id: String,
    r#type: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

#[derive(Deserialize)]
struct Metadata {
    payment_id: Option<Uuid>,
}

#[derive(Deserialize)]
struct Intent {
    id: String,
    amount: i64,
    currency: String,
    metadata: Metadata,
    last_payment_error: Option<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    code: Option<String>,
    decline_code: Option<String>,
}

#[derive(Deserialize)]
struct Charge {
    payment_intent: String,
    amount: i64,
    amount_refunded: i64,
    currency: String,
    metadata: Metadata,
}

pub(super) fn read(body: &[u8]) -> Result<Incoming, ReadError> {
    let event: Event = serde_json::from_slice(body)?;
    let object = event.data.object;
    let notice = match event.r#type.as_str() {
        "payment_intent.succeeded" => {
            of_intent(object, |intent| Ok(News::Captured { reference: id(intent.id, "charge")? }))?
        }
        "payment_intent.payment_failed" => of_intent(object, |intent| {
            Ok(News::Declined { reason: word(intent.last_payment_error) })
        })?,
        "payment_intent.canceled" => {
            of_intent(object, |_| Ok(News::Declined { reason: "canceled".to_owned() }))?
        }
        "charge.refunded" => of_charge(object)?,
        _ => None,
    };
    Ok(Incoming { event_id: id(event.id, "id")?, notice })
}

fn of_intent(
    object: Value,
    news: impl FnOnce(Intent) -> Result<News, ReadError>,
) -> Result<Option<Notice>, ReadError> {
    let intent: Intent = shape(object)?;
    let Some(payment_id) = intent.metadata.payment_id else { return Ok(None) };
    let amount = money(intent.amount, &intent.currency)?;
    Ok(Some(Notice { payment_id, amount, news: news(intent)? }))
}

fn of_charge(object: Value) -> Result<Option<Notice>, ReadError> {
    let charge: Charge = shape(object)?;
    let Some(payment_id) = charge.metadata.payment_id else { return Ok(None) };
    let amount = money(charge.amount, &charge.currency)?;
    let total = money(charge.amount_refunded, &charge.currency)?;
    let reference = id(charge.payment_intent, "charge")?;
    Ok(Some(Notice { payment_id, amount, news: News::Refunded { reference, total } }))
}

fn shape<T: DeserializeOwned>(object: Value) -> Result<T, ReadError> {
    Ok(serde_json::from_value(object)?)
}

fn word(error: Option<Reason>) -> String {
    outcome::word(error.and_then(|error| error.decline_code.or(error.code)), REFUSED)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(kind: &str, object: &Value) -> Vec<u8> {
        json!({"id": "evt_1", "type": kind, "data": {"object": object}}).to_string().into_bytes()
    }

    #[test]
    fn a_type_we_do_not_know_is_no_news() {
        let incoming = read(&event("customer.created", &json!({"id": "cus_1"}))).unwrap();
        assert_eq!(incoming, Incoming { event_id: "evt_1".to_owned(), notice: None });
    }

    #[test]
    fn a_refund_tells_all_that_has_gone_back() {
        let payment_id = Uuid::now_v7();
        let charge = json!({
            "payment_intent": "pi_1", "amount": 1999, "amount_refunded": 500, "currency": "usd",
            "metadata": {"payment_id": payment_id},
        });
        let notice = read(&event("charge.refunded", &charge)).unwrap().notice.unwrap();
        assert_eq!((notice.payment_id, notice.amount.to_decimal().as_str()), (payment_id, "19.99"));
        let total = money(500, "usd").unwrap();
        assert_eq!(notice.news, News::Refunded { reference: "pi_1".to_owned(), total });
    }

    #[test]
    fn a_charge_that_was_canceled_was_declined() {
        let intent = json!({
            "id": "pi_1", "amount": 1999, "currency": "usd", "status": "canceled",
            "metadata": {"payment_id": Uuid::now_v7()},
        });
        let notice = read(&event("payment_intent.canceled", &intent)).unwrap().notice.unwrap();
        assert_eq!(notice.news, News::Declined { reason: "canceled".to_owned() });
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let intent = |currency: &str, id: &str| json!({"id": id, "amount": 1, "currency": currency, "metadata": {"payment_id": Uuid::now_v7()}});
        for bad in [intent("xxx", "pi_1"), intent("usd", "a\u{0}b"), json!({}), json!(null)] {
            assert!(read(&event("payment_intent.succeeded", &bad)).is_err(), "{bad}");
        }
    }
}
