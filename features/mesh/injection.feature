@core @profile.mesh @requires.services @requires.istio
Feature: Sidecars
  The namespace's label is enough: nobody has to remember the mesh.

  @ECO-MSH-001
  Scenario: Every pod of every service has a sidecar and its own identity
    Then every pod of the five services has a sidecar
    And every pod of the five services runs as its own service account
