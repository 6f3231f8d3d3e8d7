@core @profile.mesh @requires.services @requires.istio @requires.ingress
Feature: Gateway
  The public API is served under its public name, over TLS, with a certificate of the platform.

  @ECO-ING-001
  Scenario: The API is served over TLS under its public name
    Given a logged-in customer
    Then the gateway serves "/api/users/me, /api/products, /api/orders, /api/notifications" over TLS
    And the gateway has no answer for another name

  @ECO-ING-003 @requires.loki
  Scenario: A client that asks too much is told to come again, and nobody else is
    Given a logged-in customer
    And a steady client that reads the customer's orders
    When another client floods the gateway with 1000 requests
    Then a part of them passes, and the others are told with 429 when to come again
    And the gateway logged these refusals as its own limit
    And the other client is let in again
    And the steady client saw no failed request

  # Alone, because it takes a service away that others would be using.
  @ECO-ING-003 @requires.loki @serial
  Scenario: That nobody serves is said at once
    Given a logged-in customer
    And "notification-service" has no pod
    When the customer asks for "/api/notifications"
    Then the gateway itself answers 503 within 100 ms, because nobody is behind it
    And the gateway serves "/api/users/me, /api/orders" over TLS
