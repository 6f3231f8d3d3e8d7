//! Catalogues read from folders written for the test.

use super::*;

const MESH: &str = "@profile.mesh @requires.istio
Feature: Mutual TLS
  @ECO-MSH-002 @core
  Scenario: Plaintext is refused
    Given a caller without a sidecar
    Then it is refused

  @ECO-MSH-003 @core
  Scenario Outline: <caller> may read a user
    When <caller> reads a user
    Then it is answered

    Examples:
      | caller  |
      | order   |
      | payment |
";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

#[test]
fn every_row_of_an_outline_is_a_scenario_with_its_own_address() {
    let folder = folder(&[("mesh/mtls.feature", MESH)]);
    let catalogue = Catalogue::read(folder.path()).unwrap();
    let names: Vec<&str> = catalogue.entries().iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["Plaintext is refused", "order may read a user", "payment may read a user"]);
    let addresses: std::collections::BTreeSet<&Address> =
        catalogue.entries().iter().map(|entry| &entry.address).collect();
    assert_eq!(addresses.len(), 3);
    assert_eq!(catalogue.entries()[0].address.to_string(), "mesh/mtls.feature:4");
}

#[test]
fn only_what_is_kept_stays_and_empty_features_go() {
    let folder = folder(&[("a.feature", MESH), ("b.feature", MESH)]);
    let catalogue = Catalogue::read(folder.path()).unwrap();
    let wanted = catalogue.entries()[1].address.clone();
    let kept = catalogue.keep(|address| *address == wanted);
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].scenarios.len(), 1);
}

#[test]
fn a_folder_without_features_is_refused() {
    assert!(matches!(
        Catalogue::read(folder(&[("readme.md", "x")]).path()),
        Err(CatalogueError::Empty(_))
    ));
}

#[test]
fn a_broken_feature_file_is_named_with_its_line() {
    let broken = "Feature: x\n  Scenario: y\n    Given z\n    Nonsense\n";
    let folder = folder(&[("broken.feature", broken)]);
    let error = Catalogue::read(folder.path()).unwrap_err().to_string();
    // Where the parser gave up: behind the line that is wrong.
    assert!(error.contains("broken.feature: Error at 5:"), "{error}");
}

#[test]
fn a_scenario_with_an_unknown_capability_is_refused_with_its_address() {
    let folder = folder(&[(
        "a.feature",
        "Feature: x\n  @requires.istoi @core @ECO-MSH-001\n  Scenario: y\n    Given z\n",
    )]);
    let error = Catalogue::read(folder.path()).unwrap_err().to_string();
    assert!(error.starts_with("a.feature:3: `istoi` is no capability"), "{error}");
}
