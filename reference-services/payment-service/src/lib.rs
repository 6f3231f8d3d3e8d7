//! payment-service.
