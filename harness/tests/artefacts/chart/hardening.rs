//! Pods are what an admission policy would let in, at the sizes that each environment has.

use serde_json::{Value, json};

use super::helm::Release;
use super::rendered::{Rendered, items, millicores, name};
use super::{SANDBOX, SERVICES, releases};

/// What the services may ask of the dev node's 2000 thousandths of a core, proxies included: the platform needs the rest.
const DEV_SERVICES_MILLICORES: u32 = 700;

#[test]
fn helm_finds_nothing_to_complain_about_in_any_environment() {
    let services = releases().map(|(environment, service)| Release::service(environment, service));
    let secrets = super::ENVIRONMENTS.into_iter().map(Release::secrets);
    for release in services.chain(secrets).chain([Release::mesh()]) {
        release
            .lint()
            .unwrap_or_else(|found| panic!("{} {:?}: {found}", release.name, release.values));
    }
}

#[test]
fn every_pod_is_unprivileged_and_cannot_write_its_root() {
    for (environment, service) in releases() {
        for pod in Rendered::of(&Release::service(environment, service)).pods() {
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{service}: {pod}");
            assert_eq!(
                pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault",
                "{service}"
            );
            assert_eq!(pod["automountServiceAccountToken"], false, "{service}");
            assert!(
                ["hostNetwork", "hostPID", "hostIPC"].iter().all(|host| pod.get(host).is_none()),
                "{service} shares the host's namespaces"
            );
            for container in items(&pod["containers"]) {
                let security = &container["securityContext"];
                assert_eq!(security["allowPrivilegeEscalation"], false, "{service}");
                assert_eq!(security["readOnlyRootFilesystem"], true, "{service}");
                assert_eq!(security["capabilities"], json!({"drop": ["ALL"]}), "{service}");
            }
        }
    }
}

#[test]
fn every_container_has_requests_limits_and_a_versioned_image() {
    for (environment, service) in releases() {
        for pod in Rendered::of(&Release::service(environment, service)).pods() {
            for container in items(&pod["containers"]) {
                for amount in ["requests", "limits"].iter().flat_map(|kind| {
                    ["cpu", "memory"].map(|unit| &container["resources"][kind][unit])
                }) {
                    assert!(
                        amount.is_string(),
                        "{service} in {environment}: {}",
                        container["resources"]
                    );
                }
                let image = container["image"].as_str().expect("an image");
                assert!(
                    image.starts_with("docker.io/ecotrack/") && image.ends_with(":v1.2.0"),
                    "{image}"
                );
            }
        }
    }
}

#[test]
fn every_object_says_what_it_belongs_to() {
    let services = releases().map(|(environment, service)| Release::service(environment, service));
    for release in services.chain([Release::mesh(), Release::secrets("prod")]) {
        for object in Rendered::of(&release).all() {
            assert_eq!(
                object["metadata"]["labels"]["app.kubernetes.io/part-of"],
                "ecotrack",
                "{} {}",
                object["kind"],
                name(object)
            );
        }
    }
}

#[test]
fn a_pod_carries_the_labels_and_annotations_that_mesh_logs_and_metrics_select_by() {
    for (environment, service) in releases() {
        let rendered = Rendered::of(&Release::service(environment, service));
        let metadata = &rendered.only("Deployment")["spec"]["template"]["metadata"];
        assert_eq!(metadata["labels"]["app"], service);
        assert_eq!(metadata["labels"]["version"], "stable");
        assert_eq!(metadata["labels"]["app.kubernetes.io/name"], service);
        assert_eq!(metadata["labels"]["app.kubernetes.io/version"], "v1.2.0");
        assert_eq!(metadata["annotations"]["prometheus.io/port"], "8080");
        assert_eq!(metadata["annotations"]["prometheus.io/path"], "/actuator/prometheus");
        let outside = metadata["labels"]["sidecar.istio.io/inject"] == "false";
        assert_eq!(outside, service == SANDBOX, "{service}");
    }
}

#[test]
fn a_new_image_digest_changes_the_pod_and_nothing_else() {
    let release = || Release::service("dev", "user-service");
    let digest = r"podAnnotations.ecotrack\.dev/image-digest=sha256:1";
    let (before, after) = (Rendered::of(&release()), Rendered::of(&release().with(digest)));
    let annotation = &after.only("Deployment")["spec"]["template"]["metadata"]["annotations"]["ecotrack.dev/image-digest"];
    assert_eq!(annotation, "sha256:1");
    let changed: Vec<_> = before
        .all()
        .zip(after.all())
        .filter(|(old, new)| old != new)
        .map(|(old, _)| old["kind"].clone())
        .collect();
    assert_eq!(changed, ["Deployment"]);
}

#[test]
fn production_has_the_sizes_and_the_scaling_of_the_design() {
    for service in SERVICES {
        let rendered = Rendered::of(&Release::service("prod", service));
        let resources = json!({"requests": {"cpu": "200m", "memory": "512Mi"}, "limits": {"cpu": "500m", "memory": "1Gi"}});
        assert_eq!(
            rendered.only("Deployment")["spec"]["template"]["spec"]["containers"][0]["resources"],
            resources
        );
        let scaling = &rendered.only("HorizontalPodAutoscaler")["spec"];
        let most = if service == "order-service" { 15 } else { 10 };
        assert_eq!(
            (&scaling["minReplicas"], &scaling["maxReplicas"]),
            (&json!(3), &json!(most)),
            "{service}"
        );
        assert_eq!(
            rendered.only("Deployment")["spec"].get("replicas"),
            None,
            "the autoscaler alone decides"
        );
        assert_eq!(rendered.only("PodDisruptionBudget")["spec"]["maxUnavailable"], 1);
    }
}

#[test]
fn development_fits_its_node_beside_the_platform() {
    let all = SERVICES.into_iter().chain([SANDBOX]);
    let requested: u32 = all
        .map(|service| {
            requested(Rendered::of(&Release::service("dev", service)).only("Deployment"))
        })
        .sum();
    assert!(
        requested <= DEV_SERVICES_MILLICORES,
        "{requested} of {DEV_SERVICES_MILLICORES} thousandths of a core"
    );
}

fn requested(deployment: &Value) -> u32 {
    assert_eq!(deployment["spec"]["replicas"], 1, "{}", name(deployment));
    let template = &deployment["spec"]["template"];
    let proxy =
        template["metadata"]["annotations"].get("sidecar.istio.io/proxyCPU").map_or(0, millicores);
    proxy
        + items(&template["spec"]["containers"])
            .iter()
            .map(|container| millicores(&container["resources"]["requests"]["cpu"]))
            .sum::<u32>()
}

#[test]
fn a_canary_stands_beside_the_stable_release_and_takes_nothing_from_it() {
    let rendered = Rendered::of(&Release::service("prod", "user-service").with("track=canary"));
    let deployment = rendered.only("Deployment");
    assert_eq!(name(deployment), "user-service-canary");
    assert_eq!(deployment["spec"]["selector"]["matchLabels"]["version"], "canary");
    assert_eq!(deployment["spec"]["template"]["spec"]["serviceAccountName"], "user-service-sa");
    assert_eq!(rendered.kind("Service").count() + rendered.kind("ServiceAccount").count(), 0);
}
