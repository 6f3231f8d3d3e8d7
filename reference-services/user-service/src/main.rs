//! Starts user-service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    ecotrack_chassis::run("user-service", user_service::build).await
}
