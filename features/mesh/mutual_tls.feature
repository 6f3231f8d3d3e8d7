@core @profile.mesh @requires.services @requires.istio
Feature: Mutual TLS
  A service answers only to a caller that proves its identity; a caller in plain text gets no answer at all.

  @ECO-MSH-002 @requires.loki
  Scenario: Plain text is cut off, and the meshed twin is answered
    Given a probe without a sidecar
    And a probe of the mesh as "order-service-sa"
    When both probes ask each of these services
      | service              | path                       | the meshed one is answered with |
      | user-service         | /.well-known/jwks.json     | 200                             |
      | order-service        | /actuator/health/readiness | 200                             |
      | product-service      | /actuator/health/readiness | 403                             |
      | payment-service      | /actuator/health/readiness | 403                             |
      | notification-service | /actuator/health/readiness | 403                             |
    Then the plain probe's connection is cut off
    And the probe of the mesh is answered as listed, a 403 being the mesh's own
    And the proxy of each service saw the identity "spiffe://cluster.local/ns/ecotrack/sa/order-service-sa"

  @ECO-MSH-002
  Scenario: A caller without a certificate is refused in the handshake, by name
    Given a probe without a sidecar
    When the probe opens TLS to every pod of the five services without a certificate
    Then every pod proves its own identity and refuses with the alert "CertificateRequired"

  @ECO-MSH-002
  Scenario: A caller with a forged certificate is refused in the handshake, by name
    Given a probe without a sidecar
    When the probe opens TLS to every pod of the five services with a certificate for order-service-sa that it signed itself
    Then every pod proves its own identity and refuses with the alert "UnknownCA"
