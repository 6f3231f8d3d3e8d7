//! Gateway and traffic rules: what is routed, what needs a token, what is repeated.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::helm::Release;
use super::rendered::{Rendered, items, name, strings};
use super::{ENVIRONMENTS, SANDBOX, SERVICES};

fn mesh() -> Rendered {
    Rendered::of(&Release::mesh())
}

fn routes(mesh: &Rendered) -> impl Iterator<Item = &Value> {
    mesh.kind("VirtualService").flat_map(|service| items(&service["spec"]["http"]))
}

#[test]
fn the_gateway_routes_the_five_prefixes_and_the_token_keys_only() {
    let mesh = mesh();
    let api = mesh
        .kind("VirtualService")
        .find(|service| name(service) == "api")
        .expect("the gateway's routes");
    let prefixes: BTreeSet<_> = items(&api["spec"]["http"])
        .iter()
        .flat_map(|route| items(&route["match"]))
        .map(|rule| rule["uri"]["prefix"].as_str().expect("a prefix"))
        .collect();
    let expected = [
        "/.well-known/jwks.json",
        "/api/notifications",
        "/api/orders",
        "/api/payments",
        "/api/products",
        "/api/users",
    ];
    assert_eq!(prefixes, BTreeSet::from(expected));
}

#[test]
fn plain_http_is_redirected() {
    let mesh = mesh();
    let servers = items(&mesh.only("Gateway")["spec"]["servers"]);
    let plain: Vec<_> =
        servers.iter().filter(|server| server["port"]["protocol"] == "HTTP").collect();
    assert!(
        !plain.is_empty() && plain.iter().all(|server| server["tls"]["httpsRedirect"] == true),
        "{plain:?}"
    );
    assert!(servers.iter().any(|server| server["tls"]["credentialName"] == "api-ecotrack-tls"));
}

#[test]
fn without_a_token_only_the_public_routes_pass_and_only_with_their_methods() {
    let mesh = mesh();
    let policy = mesh
        .kind("AuthorizationPolicy")
        .find(|policy| name(policy) == "api-token-required")
        .expect("a policy at the gateway");
    assert_eq!(policy["spec"]["action"], "DENY");
    let rules = items(&policy["spec"]["rules"]);
    assert_eq!(rules[0]["from"], json!([{"source": {"notRequestPrincipals": ["*"]}}]));
    let operations: Vec<_> = items(&rules[0]["to"]).iter().map(|to| &to["operation"]).collect();
    let exempt: BTreeSet<_> =
        operations.iter().flat_map(|operation| strings(&operation["notPaths"])).collect();
    let bounded: BTreeSet<_> = operations
        .iter()
        .filter(|operation| !strings(&operation["notMethods"]).is_empty())
        .flat_map(|operation| strings(&operation["paths"]))
        .collect();
    let elsewhere = json!(["80"]);
    assert!(
        operations.iter().all(|operation| operation["notPorts"] == elsewhere),
        "only the port that redirects is left out"
    );
    assert_eq!(exempt, bounded, "each path that needs no token has its methods named");
    let public = [
        "/.well-known/jwks.json",
        "/api/notifications/webhooks/*",
        "/api/payments/webhooks/*",
        "/api/products",
        "/api/products/*",
        "/api/users/login",
        "/api/users/refresh",
        "/api/users/register",
    ];
    assert_eq!(exempt, BTreeSet::from(public));
}

#[test]
fn providers_report_to_the_public_host_by_way_of_the_gateway() {
    let mesh = mesh();
    let gateway = mesh.only("Gateway");
    let host = gateway["spec"]["servers"][0]["hosts"][0].as_str().expect("a host");
    let namespace = gateway["metadata"]["namespace"].as_str().expect("a namespace");
    for environment in ENVIRONMENTS {
        let rendered = Rendered::of(&Release::service(environment, SANDBOX));
        let pod = &rendered.only("Deployment")["spec"]["template"]["spec"];
        let variables = items(&pod["containers"][0]["env"]);
        let value = |name: &str| {
            let found = variables.iter().find(|variable| variable["name"] == name);
            found.and_then(|variable| variable["value"].as_str()).expect("a value").to_owned()
        };
        for receiver in ["ECOTRACK_PAYMENT_WEBHOOK_URL", "ECOTRACK_NOTIFICATION_WEBHOOK_URL"] {
            assert_eq!(value(receiver), format!("https://{host}"), "{environment}");
        }
        let way = format!("ingressgateway.{namespace}.svc.cluster.local:443");
        assert_eq!(value("ECOTRACK_WEBHOOK_CONNECT_TO"), way, "{environment}");
    }
}

#[test]
fn a_token_is_checked_for_issuer_audience_and_key_and_passed_on() {
    let mesh = mesh();
    let rules = items(&mesh.only("RequestAuthentication")["spec"]["jwtRules"]);
    let expected = json!([{
        "issuer": "https://api.ecotrack.platform.dev",
        "audiences": ["ecotrack"],
        "jwksUri": "http://user-service.ecotrack.svc.cluster.local/.well-known/jwks.json",
        "forwardOriginalToken": true,
    }]);
    assert_eq!(json!(rules), expected);
}

#[test]
fn only_what_is_safe_to_repeat_is_repeated_after_it_may_have_run() {
    for route in routes(&mesh()) {
        let conditions = route["retries"]["retryOn"].as_str().expect("conditions");
        let may_have_run = conditions
            .split(',')
            .any(|condition| !["connect-failure", "refused-stream"].contains(&condition));
        let safe = |rule: &Value| {
            rule["method"]["regex"] == "GET|HEAD"
                || rule["headers"]["idempotency-key"]["regex"] == ".+"
        };
        assert!(!may_have_run || items(&route["match"]).iter().all(safe), "{route}");
    }
}

#[test]
fn a_call_takes_thirty_seconds_at_most_and_three_more_tries_of_ten() {
    for route in routes(&mesh()) {
        assert_eq!(route["timeout"], "30s");
        assert_eq!(
            (&route["retries"]["attempts"], &route["retries"]["perTryTimeout"]),
            (&json!(3), &json!("10s"))
        );
    }
}

/// Who calls is the token's to say, and services read no header for it, so none has to be taken away.
#[test]
fn how_long_a_caller_waits_is_for_services_to_say_and_not_for_anybody_outside() {
    let mesh = mesh();
    for service in mesh.kind("VirtualService") {
        let removed = if name(service) == "api" { vec!["x-request-timeout-ms"] } else { vec![] };
        for route in items(&service["spec"]["http"]) {
            assert_eq!(strings(&route["headers"]["request"]["remove"]), removed, "{route}");
        }
    }
}

#[test]
fn the_canary_header_and_nothing_else_leads_to_the_canary() {
    for route in routes(&mesh()) {
        let asked =
            items(&route["match"]).iter().all(|rule| rule["headers"]["canary"]["exact"] == "true");
        let subset = route["route"][0]["destination"]["subset"].as_str().expect("a subset");
        assert_eq!(subset == "canary", asked, "{route}");
        assert_eq!(items(&route["route"]).len(), 1, "{route}");
    }
}

#[test]
fn each_address_has_a_bucket_of_its_own_at_the_gateway_before_anything_else_is_asked() {
    let mesh = mesh();
    let filter = &mesh.only("EnvoyFilter")["spec"];
    assert_eq!(filter["workloadSelector"]["labels"], json!({"istio": "ingressgateway"}));
    let patch = &filter["configPatches"][0]["patch"];
    assert_eq!(patch["operation"], "INSERT_FIRST");
    let limit = &patch["value"]["typed_config"];
    assert_eq!(limit["rate_limits"], json!([{"actions": [{"remote_address": {}}]}]));
    let bucket = json!({"max_tokens": 200, "tokens_per_fill": 200, "fill_interval": "1s"});
    let each = json!([{"entries": [{"key": "remote_address"}], "token_bucket": bucket}]);
    assert_eq!(limit["descriptors"], each);
    assert!(limit["token_bucket"].is_null(), "a bucket that all share: {limit}");
}

#[test]
fn every_service_has_its_traffic_limits() {
    let mesh = mesh();
    let rules: Vec<_> = mesh.kind("DestinationRule").collect();
    assert_eq!(
        rules.iter().map(|rule| name(rule)).collect::<BTreeSet<_>>(),
        BTreeSet::from(SERVICES)
    );
    for rule in rules {
        let policy = &rule["spec"]["trafficPolicy"];
        assert_eq!(policy["loadBalancer"]["simple"], "LEAST_REQUEST");
        let outliers = json!({"consecutive5xxErrors": 5, "interval": "30s", "baseEjectionTime": "30s", "maxEjectionPercent": 50});
        assert_eq!(policy["outlierDetection"], outliers);
        assert_eq!(policy["connectionPool"]["tcp"]["maxConnections"], 100);
        let subsets: Vec<_> = items(&rule["spec"]["subsets"]).iter().map(name_of_subset).collect();
        assert_eq!(subsets, ["stable", "canary"]);
    }
}

fn name_of_subset(subset: &Value) -> &str {
    subset["name"].as_str().expect("a subset has a name")
}
