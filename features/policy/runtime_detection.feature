@extended @profile.policy @requires.falco @requires.loki
Feature: Runtime detection
  What no program of ours does is noticed when somebody does it.

  @ECO-POL-004
  Scenario: Reading the password file in a pod raises an alert that names the pod
    Given a probe without a sidecar
    When the plain probe reads "/etc/shadow"
    Then Falco's rule "Read sensitive file untrusted" names the plain probe
