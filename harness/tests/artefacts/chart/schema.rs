//! The charts refuse values that they do not know or that would hurt.

use regex::Regex;

use super::helm::Release;
use crate::repository::text;

#[track_caller]
fn refused(release: Release, setting: &str, because: &str) {
    let refusal = release.with(setting).render().expect_err(setting);
    assert!(refusal.contains(because), "{setting} was refused, but not for `{because}`: {refusal}");
}

fn service() -> Release {
    Release::service("prod", "user-service")
}

#[test]
fn a_value_that_nobody_reads_is_refused_at_every_depth() {
    refused(service(), "replicas=2", "'replicas' not allowed");
    refused(service(), "image.digest=x", "'digest' not allowed");
    refused(service(), "config.databaseUrl=x", "'databaseUrl' not allowed");
    refused(Release::mesh(), "traffic.retries.retryOn=5xx", "'retryOn' not allowed");
    refused(Release::secrets("dev"), "refresh.kv=1s", "'kv' not allowed");
}

#[test]
fn an_image_without_a_version_is_refused() {
    refused(service(), "image.tag=latest", "/image/tag");
    refused(service(), "testImage=docker.io/ecotrack/loadtest:latest", "/testImage");
}

#[test]
fn the_test_s_image_comes_from_the_service_s_registry() {
    let rendered =
        service().with("image.registry=registry.example/shop").render().expect("a chart");
    assert!(rendered.contains("image: registry.example/shop/loadtest:v1.2.0"), "{rendered}");
}

#[test]
fn a_variable_that_another_value_sets_is_refused() {
    for name in variables_of_the_chart() {
        refused(service(), &format!("env.{name}=x"), &format!("propertyName '{name}'"));
    }
}

/// Names that the chart's own template gives to variables.
fn variables_of_the_chart() -> Vec<String> {
    let template = text("deploy/charts/ecotrack-service/templates/_environment.tpl");
    let names = Regex::new(r"\b(?:ECOTRACK|OTEL)_[A-Z_]+").expect("a pattern");
    let found: Vec<_> = names.find_iter(&template).map(|name| name.as_str().to_owned()).collect();
    assert!(found.len() > 10, "{found:?}");
    found
}

#[test]
fn an_annotation_that_could_take_a_pod_out_of_the_mesh_is_refused() {
    for name in [
        "sidecar.istio.io/inject",
        "traffic.sidecar.istio.io/excludeInboundPorts",
        "prometheus.io/port",
    ] {
        let setting = format!("podAnnotations.{}=false", name.replace('.', r"\."));
        refused(service(), &setting, &format!("propertyName '{name}'"));
    }
}

#[test]
fn a_setting_that_is_taken_away_is_refused() {
    refused(service(), "config.redisUrl=null", "redisUrl");
    refused(service(), "config.providerUrl=null", "providerUrl");
    refused(service(), "autoscaling.maxReplicas=null", "maxReplicas");
}

#[test]
fn bounds_that_exclude_each_other_are_refused() {
    refused(service(), "autoscaling.minReplicas=11", "minReplicas is more than");
    refused(service(), "termination.preStopSleepSeconds=45", "leaves nothing of");
}

#[test]
fn a_pod_without_limits_is_refused() {
    refused(service(), "resources.limits=null", "limits");
    refused(service(), "resources.limits.memory=null", "memory");
    refused(service(), "resources.requests.cpu=0m", "/resources/requests/cpu");
    refused(service(), "resources.limits.memory=0Mi", "/resources/limits/memory");
}

#[test]
fn a_password_in_an_address_is_refused() {
    refused(service(), "database.url=postgres://user:password@host/ecotrack", "/database/url");
    refused(service(), "config.redisUrl=rediss://:password@host", "/config/redisUrl");
}

#[test]
fn an_unencrypted_store_is_refused() {
    refused(service(), "config.redisUrl=redis://host", "/config/redisUrl");
    refused(Release::secrets("dev"), "openbao.server=http://openbao", "/openbao/server");
}

#[test]
fn a_service_without_a_name_is_refused() {
    refused(service(), "name=", "/name");
}

#[test]
fn a_route_to_the_actuator_is_refused() {
    refused(Release::mesh(), "services.user-service[0]=/actuator", "/services/user-service/0");
}

#[test]
fn a_door_without_a_token_that_is_too_wide_is_refused() {
    for path in ["/*", "/api/*", "/actuator/*", "/actuator/health", "/.well-known/*"] {
        refused(Release::mesh(), &format!("public[0].paths[0]={path}"), "/public/0/paths/0");
    }
}

#[test]
fn a_repetition_of_what_may_have_run_is_refused() {
    for condition in ["5xx", r"connect-failure\,5xx", "reset", "never"] {
        let setting = format!("traffic.retries.unsent={condition}");
        refused(Release::mesh(), &setting, "/traffic/retries/unsent");
    }
    refused(Release::mesh(), "traffic.retries.safe=always", "/traffic/retries/safe");
}
