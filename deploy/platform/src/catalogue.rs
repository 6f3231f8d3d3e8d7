//! What each part is made of, as a table.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::part::{Part, PartName, Stage};
use crate::source::{Chart, Module, Source};

/// On two cores everything starts at the same time, and images may still have to be pulled.
const DEADLINE: Duration = Duration::from_mins(5);

const ISTIO: Module = Module { component: "istio", path: "istio.io/istio" };
const EXTERNAL_SECRETS: Module =
    Module { component: "external-secrets", path: "github.com/external-secrets/external-secrets" };
const PROMETHEUS_OPERATOR: Module = Module {
    component: "prometheus-operator",
    path: "github.com/prometheus-operator/prometheus-operator",
};

/// A part by its name, from the repository at a folder.
pub(crate) fn part(name: PartName, repository: &Path) -> Part {
    let platform = repository.join("deploy/platform");
    let stages = match name {
        PartName::Data => vec![stage("stores", [Source::Kustomization(platform.join("data"))])],
        PartName::Openbao => {
            vec![stage("server", [Source::Kustomization(platform.join("openbao"))])]
        }
        PartName::ExternalSecrets => external_secrets(&platform.join("external-secrets")),
        PartName::Istio => istio(&platform.join("istio")),
        PartName::Observability => observability(&platform.join("observability")),
    };
    Part { name, stages, deadline: DEADLINE }
}

fn external_secrets(folder: &Path) -> Vec<Stage> {
    let chart = chart(
        EXTERNAL_SECRETS,
        "deploy/charts/external-secrets",
        "external-secrets",
        "external-secrets",
        folder.join("values.yaml"),
    );
    vec![
        stage("definitions", [Source::ModuleFile(EXTERNAL_SECRETS, "deploy/crds/bundle.yaml")]),
        stage("operator", [Source::Chart(chart)]),
    ]
}

fn istio(folder: &Path) -> Vec<Stage> {
    let base = Chart {
        values: None,
        ..chart(ISTIO, "manifests/charts/base", "istio-base", "istio-system", PathBuf::new())
    };
    let istiod = chart(
        ISTIO,
        "manifests/charts/istio-control/istio-discovery",
        "istiod",
        "istio-system",
        folder.join("istiod.yaml"),
    );
    let gateway = chart(
        ISTIO,
        "manifests/charts/gateway",
        "ingressgateway",
        "istio-ingress",
        folder.join("gateway.yaml"),
    );
    vec![
        stage("base", [Source::Chart(base)]),
        stage("istiod", [Source::Chart(istiod)]),
        stage("gateway", [Source::Chart(gateway), Source::File(folder.join("telemetry.yaml"))]),
    ]
}

fn observability(folder: &Path) -> Vec<Stage> {
    let operator = Source::KustomizationWith {
        folder: folder.join("operator"),
        module: PROMETHEUS_OPERATOR,
        file: "bundle.yaml",
    };
    vec![
        stage("operator", [operator]),
        stage("stack", [Source::Kustomization(folder.join("stack"))]),
    ]
}

fn stage<const N: usize>(name: &'static str, sources: [Source; N]) -> Stage {
    Stage { name, sources: sources.into() }
}

fn chart(
    module: Module,
    path: &'static str,
    release: &'static str,
    namespace: &'static str,
    values: PathBuf,
) -> Chart {
    Chart { module, path, release, namespace, values: Some(values) }
}
