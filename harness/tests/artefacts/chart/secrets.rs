//! Secrets that pods mount are made by someone, as the identity that may have them.

use std::collections::BTreeSet;

use super::helm::Release;
use super::rendered::{Rendered, items, name};
use super::{ENVIRONMENTS, SERVICES};

#[test]
fn every_mounted_secret_is_made_by_the_wiring_and_no_other() {
    for environment in ENVIRONMENTS {
        let wiring = Rendered::of(&Release::secrets(environment));
        let made: BTreeSet<_> = wiring
            .kind("ExternalSecret")
            .map(|object| object["spec"]["target"]["name"].as_str().expect("a target").to_owned())
            .collect();
        let mounted: BTreeSet<_> =
            SERVICES.into_iter().flat_map(|service| mounted(environment, service)).collect();
        assert_eq!(made, mounted, "{environment}");
    }
}

fn mounted(environment: &str, service: &str) -> Vec<String> {
    let rendered = Rendered::of(&Release::service(environment, service));
    let volumes = items(&rendered.only("Deployment")["spec"]["template"]["spec"]["volumes"]);
    volumes
        .iter()
        .filter_map(|volume| volume["secret"]["secretName"].as_str())
        .map(str::to_owned)
        .collect()
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
fn each_service_asks_openbao_as_itself() {
    let wiring = Rendered::of(&Release::secrets("prod"));
    for service in SERVICES {
        let account = Rendered::of(&Release::service("prod", service));
        let store = wiring
            .kind("SecretStore")
            .find(|object| name(object) == service)
            .expect("a SecretStore");
        let login = &store["spec"]["provider"]["vault"]["auth"]["kubernetes"];
        assert_eq!(login["role"], service);
        assert_eq!(login["serviceAccountRef"]["name"], name(account.only("ServiceAccount")));
        let secrets = wiring
            .kind("ExternalSecret")
            .find(|object| name(object) == format!("{service}-secrets"))
            .expect("an ExternalSecret");
        assert_eq!(secrets["spec"]["secretStoreRef"]["name"], service);
        assert_eq!(secrets["spec"]["dataFrom"][0]["extract"]["key"], format!("ecotrack/{service}"));
    }
}
