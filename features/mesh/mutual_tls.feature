@core @profile.mesh @requires.services @requires.istio
Feature: Mutual TLS
  A service answers only to a caller that proves its identity; a caller in plain text gets no answer at all.

  @ECO-MSH-002 @requires.loki
  Scenario: Plain text is cut off, and the meshed twin is answered
    Given a probe without a sidecar
    And a probe of the mesh as "order-service-sa"
    When the plain probe asks a pod of "user-service" for "/.well-known/jwks.json"
    And the probe of the mesh asks "user-service" for "/.well-known/jwks.json"
    Then the plain probe's connection is cut off
    And the probe of the mesh is answered with 200
    And the proxy of "user-service" saw the identity "spiffe://cluster.local/ns/ecotrack/sa/order-service-sa"
