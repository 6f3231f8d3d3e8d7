//! The charts: rendered by the real Helm with every environment's values, and held to what the platform demands.

mod authorization;
mod hardening;
mod helm;
mod rendered;
mod routes;
mod schema;
mod secrets;

/// The five services of the mesh.
const SERVICES: [&str; 5] =
    ["user-service", "product-service", "order-service", "payment-service", "notification-service"];
/// Stands outside the mesh, in a namespace of its own.
const SANDBOX: &str = "provider-sandbox";
const ENVIRONMENTS: [&str; 3] = ["dev", "staging", "prod"];

/// Every release of the service chart: environment and service.
fn releases() -> impl Iterator<Item = (&'static str, &'static str)> {
    ENVIRONMENTS.into_iter().flat_map(|environment| {
        SERVICES.into_iter().chain([SANDBOX]).map(move |service| (environment, service))
    })
}
