//! The program of notification-service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    ecotrack_chassis::run(notification_service::SERVICE, notification_service::build).await
}
