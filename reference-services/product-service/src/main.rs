//! Starts product-service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    ecotrack_chassis::run("product-service", product_service::build).await
}
