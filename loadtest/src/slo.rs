//! Service level objectives and whether what was measured meets them.

mod measure;

pub(crate) use measure::measure;

use serde::{Deserialize, Serialize};

/// Smallest share of a service's requests that it answers without an error of its own.
const AVAILABILITY: f64 = 0.999;
/// Largest share of requests that did not give clients what they asked for.
const CLIENT_ERRORS: f64 = 0.001;
/// 95 of 100 requests to a route are answered within this time, in seconds.
const P95_SECONDS: f64 = 0.5;
/// Requests to a route below which a percentile says nothing about it.
const FEWEST_FOR_PERCENTILE: f64 = 20.0;

/// One route of one service during the load, as Prometheus saw it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Route {
    /// Service that answered.
    pub(crate) service: String,
    /// Method and route template.
    pub(crate) name: String,
    /// Requests answered.
    pub(crate) requests: f64,
    /// Of these, answered with a status of 500 or more.
    pub(crate) errors: f64,
    /// 95th percentile in seconds, when there is one.
    pub(crate) p95: Option<f64>,
}

/// The load as its clients saw it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clients {
    /// Requests sent.
    pub(crate) requests: usize,
    /// Of these, failed or answered with the wrong content.
    pub(crate) failures: usize,
}

/// One objective and what was seen of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Finding {
    /// What is judged.
    pub(crate) subject: String,
    /// What was promised.
    pub(crate) target: String,
    /// What was seen.
    pub(crate) observed: String,
    /// Whether the promise was kept.
    pub(crate) met: bool,
}

/// All findings of a run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Verdict {
    /// One per objective.
    pub(crate) findings: Vec<Finding>,
}

impl Verdict {
    /// Judges a run. Without any measured request there is no verdict.
    pub(crate) fn of(routes: &[Route], clients: Clients) -> anyhow::Result<Self> {
        if clients.requests == 0 {
            anyhow::bail!("the clients sent no request");
        }
        if routes.is_empty() {
            anyhow::bail!(
                "Prometheus saw no request of {} that were sent: it does not scrape the services",
                clients.requests
            );
        }
        let findings = [client_errors(clients)]
            .into_iter()
            .chain(availability(routes))
            .chain(routes.iter().filter_map(percentile));
        Ok(Self { findings: findings.collect() })
    }

    /// Whether every objective was met.
    pub(crate) fn met(&self) -> bool {
        self.findings.iter().all(|finding| finding.met)
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]
fn client_errors(clients: Clients) -> Finding {
    let ratio = clients.failures as f64 / clients.requests as f64;
    Finding {
        subject: "errors as clients see them".to_owned(),
        target: format!("<= {}", percent(CLIENT_ERRORS)),
        observed: format!("{} ({} of {})", percent(ratio), clients.failures, clients.requests),
        met: ratio <= CLIENT_ERRORS,
    }
}

fn availability(routes: &[Route]) -> Vec<Finding> {
    let mut services: Vec<_> = routes.iter().map(|route| route.service.as_str()).collect();
    services.sort_unstable();
    services.dedup();
    services.into_iter().map(|service| availability_of(service, routes)).collect()
}

fn availability_of(service: &str, routes: &[Route]) -> Finding {
    let own = || routes.iter().filter(|route| route.service == service);
    let (requests, errors) = (
        own().map(|route| route.requests).sum::<f64>(),
        own().map(|route| route.errors).sum::<f64>(),
    );
    let share = if requests > 0.0 { 1.0 - errors / requests } else { 1.0 };
    Finding {
        subject: format!("availability of {service}"),
        target: format!(">= {}", percent(AVAILABILITY)),
        observed: format!("{} ({errors:.0} errors of {requests:.0})", percent(share)),
        met: share >= AVAILABILITY,
    }
}

/// No finding for a route that was asked too rarely.
fn percentile(route: &Route) -> Option<Finding> {
    let seconds = route.p95.filter(|_| route.requests >= FEWEST_FOR_PERCENTILE)?;
    Some(Finding {
        subject: format!("p95 of {} {}", route.service, route.name),
        target: format!("< {:.0} ms", P95_SECONDS * 1000.0),
        observed: format!("{:.0} ms of {:.0} requests", seconds * 1000.0, route.requests),
        met: seconds < P95_SECONDS,
    })
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: Clients = Clients { requests: 1000, failures: 0 };

    fn route(requests: f64, errors: f64, p95: f64) -> Route {
        Route {
            service: "order-service".to_owned(),
            name: "POST /api/orders".to_owned(),
            requests,
            errors,
            p95: Some(p95),
        }
    }

    fn broken(routes: &[Route], clients: Clients) -> Vec<String> {
        let verdict = Verdict::of(routes, clients).unwrap();
        verdict
            .findings
            .into_iter()
            .filter(|finding| !finding.met)
            .map(|finding| finding.subject)
            .collect()
    }

    #[test]
    fn a_quiet_run_meets_everything() {
        assert!(Verdict::of(&[route(1000.0, 0.0, 0.1)], FINE).unwrap().met());
    }

    #[test]
    fn one_error_in_a_thousand_is_the_boundary_of_availability() {
        assert_eq!(broken(&[route(1000.0, 1.0, 0.1)], FINE), Vec::<String>::new());
        assert_eq!(broken(&[route(1000.0, 2.0, 0.1)], FINE), ["availability of order-service"]);
    }

    #[test]
    fn errors_of_all_routes_count_against_their_service() {
        let routes = [route(1000.0, 0.0, 0.1), route(1.0, 1.0, 0.1), route(1.0, 1.0, 0.1)];
        assert_eq!(broken(&routes, FINE), ["availability of order-service"]);
    }

    #[test]
    fn half_a_second_is_too_slow() {
        assert_eq!(broken(&[route(100.0, 0.0, 0.499)], FINE), Vec::<String>::new());
        assert_eq!(
            broken(&[route(100.0, 0.0, 0.5)], FINE),
            ["p95 of order-service POST /api/orders"]
        );
    }

    #[test]
    fn a_rare_route_has_no_percentile() {
        assert_eq!(broken(&[route(19.0, 0.0, 9.0)], FINE), Vec::<String>::new());
    }

    #[test]
    fn what_clients_miss_counts_even_when_services_see_no_error() {
        let clients = Clients { requests: 1000, failures: 2 };
        assert_eq!(broken(&[route(1000.0, 0.0, 0.1)], clients), ["errors as clients see them"]);
    }

    #[test]
    fn nothing_measured_is_no_verdict() {
        assert!(Verdict::of(&[], FINE).is_err());
        assert!(
            Verdict::of(&[route(1.0, 0.0, 0.1)], Clients { requests: 0, failures: 0 }).is_err()
        );
    }
}
