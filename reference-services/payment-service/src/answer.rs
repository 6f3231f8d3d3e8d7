//! How a payment is answered: the status says how far it got.

use axum::http::StatusCode;
use ecotrack_chassis::ApiError;
use ecotrack_chassis::idempotency::Answer;

use crate::domain::payment::Payment;
use crate::domain::refund::RefundStatus;
use crate::domain::status::Status;
use crate::http::shapes::PaymentView;

/// The answer to a request to pay: 201 paid, 402 declined, 202 while it is not known. A payment that was given up stays declined, also
/// where its money came late and goes back: its order is cancelled.
pub(crate) fn to_payment(payment: &Payment) -> serde_json::Result<Answer> {
    if payment.was_given_up() {
        return Answer::of_problem(&declined());
    }
    match payment.status {
        Status::Failed => Answer::of_problem(&declined()),
        Status::Initiated | Status::Pending => view(StatusCode::ACCEPTED, payment),
        Status::Processed
        | Status::RefundPending
        | Status::PartiallyRefunded
        | Status::Refunded => view(StatusCode::CREATED, payment),
    }
}

/// The answer to a request to pay back: 200 done, 409 refused, 202 while it is not known.
pub(crate) fn to_refund(payment: &Payment) -> serde_json::Result<Answer> {
    match payment.refund.as_ref().map(|refund| refund.status) {
        Some(RefundStatus::Succeeded) => view(StatusCode::OK, payment),
        Some(RefundStatus::Failed) => Answer::of_problem(&refused()),
        Some(RefundStatus::Pending) | None => view(StatusCode::ACCEPTED, payment),
    }
}

fn view(status: StatusCode, payment: &Payment) -> serde_json::Result<Answer> {
    Ok(Answer::new(status, serde_json::to_string(&PaymentView::from(payment))?))
}

fn declined() -> ApiError {
    ApiError::new(StatusCode::PAYMENT_REQUIRED, "payment-declined", "the payment was declined")
}

fn refused() -> ApiError {
    ApiError::conflict("refund-refused", "the provider refuses to pay this back")
}
