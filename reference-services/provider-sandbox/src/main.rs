//! The sandbox's program.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    ecotrack_chassis::run(provider_sandbox::SERVICE, provider_sandbox::build).await
}
