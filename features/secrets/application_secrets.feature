@core @profile.secrets @requires.openbao @requires.external-secrets
Feature: Application secrets
  What is true at the source becomes true in the cluster, also when the truth is that a secret is gone.

  @ECO-SEC-003
  Scenario: A secret arrives, changes and goes as its source does
    Given a secret of the scenario's own in OpenBao
    And an external secret that fetches it
    Then the secret arrives in Kubernetes
    When the secret is changed at its source
    Then the change arrives in Kubernetes
    When the secret is deleted at its source
    Then the secret is gone from Kubernetes
