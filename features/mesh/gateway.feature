@core @profile.mesh @requires.services @requires.istio @requires.ingress
Feature: Gateway
  The public API is served under its public name, over TLS, with a certificate of the platform.

  @ECO-ING-001
  Scenario: The API is served over TLS under its public name
    Given a logged-in customer
    Then the gateway serves "/api/users/me, /api/products, /api/orders, /api/notifications" over TLS
    And the gateway has no answer for another name
