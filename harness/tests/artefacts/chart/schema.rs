//! The charts refuse values that they do not know or that would hurt.

use super::helm::Release;

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
}

#[test]
fn a_pod_without_limits_is_refused() {
    refused(service(), "resources.limits=null", "limits");
    refused(service(), "resources.limits.memory=null", "memory");
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
