//! What customers, payment-service and the provider do together.

use ecotrack_invariants::journal::{Action, Answer};
use ecotrack_invariants::observed::{Entry, Payment};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{World, decimal};

impl World {
    /// A customer pays; the provider takes the money.
    pub(crate) fn pay(&mut self, order: Uuid) -> Uuid {
        let payment = self.open_payment(order);
        self.charge(payment, "accepted");
        self.settle(payment, "processed", "PaymentProcessedEvent");
        self.step(order, "paid", None, "OrderPaymentProcessedEvent");
        self.step(order, "completed", None, "OrderCompletedEvent");
        self.reservation(order, "sold");
        self.told_of_payment(payment, 201, "processed");
        payment
    }

    /// A customer pays; the provider declines and the order ends.
    pub(crate) fn decline(&mut self, order: Uuid) -> Uuid {
        let payment = self.open_payment(order);
        self.fail(payment);
        self.step(order, "cancelled", Some("payment_failed"), "OrderCancelledEvent");
        self.give_back(order);
        self.told_of_payment(payment, 402, "failed");
        payment
    }

    /// The provider declines, and nobody has heard of it yet but who reads the topic.
    pub(crate) fn fail(&mut self, payment: Uuid) {
        self.charge(payment, "declined");
        self.settle(payment, "failed", "PaymentFailedEvent");
    }

    /// A payment that nobody let in is given up: all that is left of it are its events.
    pub(crate) fn abandon(&mut self, order_id: Uuid, user_id: Uuid, amount_minor: i64) -> Payment {
        let payment = Payment {
            id: self.id(),
            order_id,
            user_id,
            amount_minor,
            currency: "EUR".to_owned(),
            status: "failed".to_owned(),
            provider_reference: None,
        };
        self.tell(&payment, "PaymentInitiatedEvent");
        self.tell(&payment, "PaymentFailedEvent");
        payment
    }

    /// The provider took the money of a payment after it was given up, and it goes back. Its order stays as it is.
    pub(crate) fn take_late(&mut self, payment: Uuid) {
        self.charge(payment, "accepted");
        self.pay_back(payment);
    }

    /// All of the money goes back, and the order has not heard of it.
    pub(crate) fn pay_back(&mut self, payment: Uuid) {
        let row = self.payment(payment).clone();
        let request = json!({"payment_intent": row.provider_reference, "amount": row.amount_minor.to_string()});
        self.entry("stripe", "refund", &format!("refund-{payment}"), "accepted", &request);
        self.settle(payment, "refunded", "PaymentRefundedEvent");
    }

    /// A customer gets the money back.
    pub(crate) fn refund(&mut self, payment: Uuid) {
        let row = self.payment(payment).clone();
        self.pay_back(payment);
        self.step(row.order_id, "refunded", None, "OrderUpdatedEvent");
        let body = json!({"payment_id": payment, "status": "refunded"}).to_string();
        self.ask(
            Some(row.user_id),
            Action::Refund { payment_id: payment },
            Answer::of(200, Some(body)),
        );
    }

    fn payment(&mut self, payment: Uuid) -> &mut Payment {
        self.history.observed.database.payments.iter_mut().find(|row| row.id == payment).unwrap()
    }

    /// A customer pays; the provider has not answered yet.
    pub(crate) fn open_payment(&mut self, order: Uuid) -> Uuid {
        self.step(order, "payment_pending", None, "OrderUpdatedEvent");
        let id = self.id();
        self.order_row(order).payment_id = Some(id);
        let row = self.order_row(order).clone();
        self.history.observed.database.payments.push(Payment {
            id,
            order_id: order,
            user_id: row.user_id,
            amount_minor: row.total_minor,
            currency: row.currency,
            status: "initiated".to_owned(),
            provider_reference: Some(format!("pi_{id}")),
        });
        self.settle(id, "initiated", "PaymentInitiatedEvent");
        id
    }

    /// The provider is asked for an order's money.
    pub(crate) fn charge(&mut self, payment: Uuid, outcome: &str) {
        let row = self.payment(payment).clone();
        let request = json!({
            "amount": row.amount_minor.to_string(), "currency": "eur", "metadata[order_id]": row.order_id,
        });
        self.entry("stripe", "payment_intent", &format!("charge-{payment}"), outcome, &request);
        self.history.observed.ledger.last_mut().unwrap().reference = row.provider_reference;
    }

    /// A line of the provider's ledger.
    pub(super) fn entry(
        &mut self,
        provider: &str,
        operation: &str,
        key: &str,
        outcome: &str,
        request: &Value,
    ) {
        let (id, at) = (i64::try_from(self.history.observed.ledger.len()).unwrap() + 1, self.now());
        self.history.observed.ledger.push(Entry {
            id,
            at,
            provider: provider.to_owned(),
            operation: operation.to_owned(),
            idempotency_key: Some(key.to_owned()),
            reference: Some(format!("re_{id}")),
            outcome: outcome.to_owned(),
            body: json!({"request": request, "status": 200, "response": {}}),
        });
    }

    fn settle(&mut self, payment: Uuid, status: &str, event_type: &str) {
        status.clone_into(&mut self.payment(payment).status);
        let row = self.payment(payment).clone();
        self.tell(&row, event_type);
    }

    /// An event of payment-service.
    pub(crate) fn tell(&mut self, payment: &Payment, event_type: &str) {
        let Payment { id, order_id, user_id, .. } = payment;
        let amount = json!({"amount_minor": payment.amount_minor, "currency": payment.currency});
        let payload =
            json!({"payment_id": id, "order_id": order_id, "user_id": user_id, "amount": amount});
        self.event("payment_service", "payment-events", *id, event_type, &payload);
    }

    fn told_of_payment(&mut self, payment: Uuid, http: u16, status: &str) {
        let row = self.payment(payment).clone();
        let key = format!("pay-{payment}");
        let body =
            json!({"payment_id": payment, "order_id": row.order_id, "status": status}).to_string();
        self.keep("payment_service", "pay", row.user_id, &key, payment, &body);
        let (amount, currency) = (decimal(row.amount_minor), row.currency);
        let action = Action::Pay { idempotency_key: key, order_id: row.order_id, amount, currency };
        self.ask(Some(row.user_id), action, Answer::of(http, Some(body)));
    }
}
