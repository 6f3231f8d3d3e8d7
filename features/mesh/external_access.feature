@core @profile.mesh @requires.services @requires.istio @requires.ingress
Feature: External access
  From outside there is one way in, and it wants a token that this platform signed.

  @ECO-MSH-004
  Scenario: Only a genuine token passes the gateway
    Given a logged-in customer
    When the customer's own profile is asked for with their token, without a token and with forged ones
    Then the customer's token is answered with 200
    And the request without a token is refused by the mesh
    And every forged token is answered with 401

  @ECO-MSH-004 @requires.loki
  Scenario Outline: <path> is not reachable from outside
    Given a logged-in customer
    When the customer asks for "<path>"
    Then the gateway itself refuses, by its answer and by its own access log

    Examples:
      | path                      |
      | /actuator/prometheus      |
      | /actuator/health/liveness |
      | /openapi.json             |
