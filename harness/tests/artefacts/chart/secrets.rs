//! Secrets that pods mount are made by someone, as the identity that may have them.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::helm::Release;
use super::rendered::{Rendered, items, name};
use super::{ENVIRONMENTS, SANDBOX, SERVICES};
use crate::repository::yaml;

/// Namespace and name of a Secret.
type Place = (String, String);

#[test]
fn every_mounted_secret_is_made_by_the_wiring_and_no_other() {
    for environment in ENVIRONMENTS {
        let wiring = Rendered::of(&Release::secrets(environment));
        let mut made: BTreeSet<_> = wiring
            .kind("ExternalSecret")
            .map(|object| place(object, object["spec"]["target"]["name"].as_str()))
            .collect();
        // The outside world's login does not rotate; the platform's installer makes it.
        made.insert(("external".to_owned(), "provider-sandbox-db-credentials".to_owned()));
        let all = SERVICES.into_iter().chain([SANDBOX]);
        let mounted: BTreeSet<_> = all.flat_map(|name| mounted(environment, name)).collect();
        assert_eq!(made, mounted, "{environment}");
    }
}

fn mounted(environment: &str, service: &str) -> Vec<Place> {
    let rendered = Rendered::of(&Release::service(environment, service));
    let deployment = rendered.only("Deployment");
    let volumes = items(&deployment["spec"]["template"]["spec"]["volumes"]);
    let secrets = volumes.iter().filter(|volume| volume.get("secret").is_some());
    secrets.map(|volume| place(deployment, volume["secret"]["secretName"].as_str())).collect()
}

fn place(object: &Value, secret: Option<&str>) -> Place {
    let namespace = object["metadata"]["namespace"].as_str().expect("a namespace");
    (namespace.to_owned(), secret.expect("a secret").to_owned())
}

#[test]
fn a_database_login_is_one_read_of_a_generator() {
    let wiring = Rendered::of(&Release::secrets("prod"));
    for service in SERVICES {
        let login = format!("{service}-db-credentials");
        let external = wiring
            .kind("ExternalSecret")
            .find(|object| name(object) == login)
            .expect("an ExternalSecret");
        assert_eq!(external["spec"].get("data"), None, "two reads are two logins");
        let sources = items(&external["spec"]["dataFrom"]);
        assert_eq!(sources.len(), 1);
        assert_eq!(sources[0]["sourceRef"]["generatorRef"]["name"], login.as_str());
        let generator = wiring
            .kind("VaultDynamicSecret")
            .find(|object| name(object) == login)
            .expect("a generator");
        assert_eq!(generator["spec"]["path"], format!("/database/creds/{service}"));
    }
}

#[test]
fn each_asks_openbao_as_itself() {
    let wiring = Rendered::of(&Release::secrets("prod"));
    for service in SERVICES.into_iter().chain([SANDBOX]) {
        let rendered = Rendered::of(&Release::service("prod", service));
        let account = rendered.only("ServiceAccount");
        let store = wiring
            .kind("SecretStore")
            .find(|object| name(object) == service)
            .expect("a SecretStore");
        let login = &store["spec"]["provider"]["vault"]["auth"]["kubernetes"];
        assert_eq!(login["role"], service);
        assert_eq!(login["serviceAccountRef"]["name"], name(account));
        assert_eq!(store["metadata"]["namespace"], account["metadata"]["namespace"]);
        let secrets = wiring
            .kind("ExternalSecret")
            .find(|object| name(object) == format!("{service}-secrets"))
            .expect("an ExternalSecret");
        assert_eq!(secrets["spec"]["secretStoreRef"]["name"], service);
        assert_eq!(secrets["spec"]["dataFrom"][0]["extract"]["key"], format!("ecotrack/{service}"));
    }
}

/// What passes between the making of a login and the last request of the one before: a kubelet's longest delay, and the drain of a pool.
const REPLACED_WITHIN: Duration = Duration::from_secs(40);

#[test]
fn a_login_outlives_its_replacement_and_a_token_its_logins() {
    for environment in ENVIRONMENTS {
        let values: Value = yaml(format!("deploy/values/openbao/{environment}.yaml"));
        let refresh: Value = yaml(format!("deploy/values/secrets/{environment}.yaml"));
        let life = |value: &Value| humantime::parse_duration(value.as_str().unwrap()).unwrap();
        let every = life(&refresh["refresh"]["database"]);
        let [login, token] = ["database", "token"].map(|what| life(&values["leases"][what]));
        assert!(
            login >= every + REPLACED_WITHIN,
            "{environment}: {login:?} for one each {every:?}"
        );
        assert!(token > login, "{environment}: {token:?} for {login:?}");
    }
}
