//! The program of payment-service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    ecotrack_chassis::run(payment_service::SERVICE, payment_service::build).await
}
