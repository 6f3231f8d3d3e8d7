@core @profile.observability @requires.services @requires.ingress @requires.traces @requires.kafka
Feature: Traces
  One purchase is one trace, over every call and every event.

  @ECO-TRC-001 @ECO-TRC-002
  Scenario: A purchase is one trace across all five services
    Given a logged-in customer with a placed order
    When the customer pays the order by card
    And the order becomes "completed"
    Then the customer finds a "payment_processed" notification that was delivered
    And one trace has spans of "user-service, product-service, order-service, payment-service, notification-service"
    And the trace follows every edge of the telemetry registry but these
      | from                 | to               | by   | because                                            |
      | product-service      | user-service     | HTTP | keys are fetched once for all requests             |
      | payment-service      | user-service     | HTTP | keys are fetched once for all requests             |
      | notification-service | user-service     | HTTP | keys are fetched once for all requests             |
      | payment-service      | provider-sandbox | HTTP | providers are the outside world and write no spans |
      | notification-service | provider-sandbox | HTTP | providers are the outside world and write no spans |
    And no span of the trace has lost its parent
    And the trace has every business span of the telemetry registry with its attributes

  @ECO-TRC-003
  Scenario: Every answer and every event carries the ids of its request
    Given a logged-in customer
    And a product in stock
    When the customer orders 1 of the product
    Then the answer carries the correlation headers of the telemetry registry
    And the events "UserRegisteredEvent, UserLoginEvent, OrderCreatedEvent, NotificationSentEvent, NotificationDeliveredEvent" are published, and they and all others of the scenario carry its trace and its correlation id
