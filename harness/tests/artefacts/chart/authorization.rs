//! The mesh allows exactly what the declared matrix lists.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::SERVICES;
use super::helm::Release;
use super::rendered::{Rendered, items, name, strings};
use crate::repository::yaml;

/// One allowed call: principal, service, method, path.
type Call = (String, String, String, String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Matrix {
    cells: Vec<Cell>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cell {
    caller: String,
    service: String,
    methods: Vec<String>,
    paths: Vec<String>,
}

fn matrix() -> Vec<Cell> {
    yaml::<Matrix>("deploy/istio/authorization-matrix.yaml").cells
}

/// The identity that a caller's pods really have.
fn principal(caller: &str) -> String {
    match caller {
        "gateway" => "cluster.local/ns/istio-ingress/sa/ingressgateway".to_owned(),
        service => {
            let rendered = Rendered::of(&Release::service("prod", service));
            format!(
                "cluster.local/ns/ecotrack/sa/{}",
                rendered.only("Deployment")["spec"]["template"]["spec"]["serviceAccountName"]
                    .as_str()
                    .expect("an account")
            )
        }
    }
}

fn declared() -> BTreeSet<Call> {
    matrix()
        .iter()
        .flat_map(|cell| calls(&principal(&cell.caller), &cell.service, &cell.methods, &cell.paths))
        .collect()
}

fn calls(principal: &str, service: &str, methods: &[String], paths: &[String]) -> Vec<Call> {
    let each = methods.iter().flat_map(|method| paths.iter().map(move |path| (method, path)));
    each.map(|(method, path)| {
        (principal.to_owned(), service.to_owned(), method.clone(), path.clone())
    })
    .collect()
}

fn granted(mesh: &Rendered) -> BTreeSet<Call> {
    let policies = mesh
        .kind("AuthorizationPolicy")
        .filter(|policy| policy["metadata"]["namespace"] == "ecotrack");
    policies
        .flat_map(|policy| {
            items(&policy["spec"]["rules"]).iter().flat_map(move |rule| granted_by(policy, rule))
        })
        .collect()
}

fn granted_by(policy: &Value, rule: &Value) -> Vec<Call> {
    assert_eq!(policy["spec"]["action"], "ALLOW", "{}", name(policy));
    assert_eq!(rule.get("when"), None, "identity is the principal, nothing else");
    let service = policy["spec"]["selector"]["matchLabels"]["app"]
        .as_str()
        .expect("a policy with rules names one service");
    let owned = |list: &Value| strings(list).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mut all = Vec::new();
    for source in items(&rule["from"]) {
        assert_eq!(
            source["source"].as_object().map(serde_json::Map::len),
            Some(1),
            "principals only: {source}"
        );
        for (principal, operation) in strings(&source["source"]["principals"])
            .iter()
            .flat_map(|one| items(&rule["to"]).iter().map(move |to| (one, &to["operation"])))
        {
            assert_eq!(
                operation.as_object().map(serde_json::Map::len),
                Some(2),
                "methods and paths only: {operation}"
            );
            all.extend(calls(
                principal,
                service,
                &owned(&operation["methods"]),
                &owned(&operation["paths"]),
            ));
        }
    }
    all
}

#[test]
fn the_policies_allow_the_declared_calls_and_no_other() {
    assert_eq!(granted(&Rendered::of(&Release::mesh())), declared());
}

#[test]
fn what_no_policy_names_is_denied() {
    let mesh = Rendered::of(&Release::mesh());
    let default = mesh
        .kind("AuthorizationPolicy")
        .find(|policy| name(policy) == "default-deny")
        .expect("a default");
    assert_eq!(default["metadata"]["namespace"], "ecotrack");
    assert_eq!(default["spec"], json!({}), "an ALLOW policy for every pod that matches nothing");
    assert_eq!(mesh.only("PeerAuthentication")["spec"], json!({"mtls": {"mode": "STRICT"}}));
}

#[test]
fn the_matrix_names_known_services_and_each_cell_once() {
    let cells = matrix();
    for cell in &cells {
        assert!(SERVICES.contains(&cell.service.as_str()), "{}", cell.service);
        assert!(
            cell.caller == "gateway" || SERVICES.contains(&cell.caller.as_str()),
            "{}",
            cell.caller
        );
    }
    let listed: usize = cells.iter().map(|cell| cell.methods.len() * cell.paths.len()).sum();
    assert_eq!(listed, declared().len(), "a call is listed twice");
}

#[test]
fn a_star_inside_a_path_is_written_as_the_mesh_reads_it() {
    for path in matrix().iter().flat_map(|cell| &cell.paths) {
        let rest = path.strip_suffix('*').unwrap_or(path).replace("{*}", "");
        assert!(
            !rest.contains(['*', '{', '}']),
            "{path}: a bare star in the middle matches only itself"
        );
    }
}

#[test]
fn the_gateway_reaches_no_actuator_and_none_of_the_internal_routes() {
    for cell in matrix().iter().filter(|cell| cell.caller == "gateway") {
        for path in &cell.paths {
            assert!(
                !path.starts_with("/actuator")
                    && !path.contains("reservations")
                    && !path.ends_with("/payment"),
                "{path}"
            );
            let writes = cell.methods.iter().any(|method| method == "POST" || method == "DELETE");
            let internal = writes && ["/api/products/*", "/api/orders/*"].contains(&path.as_str());
            assert!(!internal, "{path} with {:?} covers an internal route", cell.methods);
        }
    }
}
