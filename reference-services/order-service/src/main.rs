//! The program of order-service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    ecotrack_chassis::run(order_service::SERVICE, order_service::build).await
}
