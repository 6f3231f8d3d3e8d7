@core @profile.observability @requires.services @requires.ingress @requires.traces @requires.kafka
Feature: Traces
  One purchase is one trace, over every call and every event.

  @ECO-TRC-001 @ECO-TRC-002
  Scenario: A purchase is one trace across all five services
    Given a logged-in customer with a placed order
    When the customer pays the order by card
    And the order becomes "completed"
    Then one trace has spans of "user-service, product-service, order-service, payment-service, notification-service"
    And the trace follows these edges
      | from            | to                   | by   |
      | order-service   | user-service         | HTTP |
      | order-service   | product-service      | HTTP |
      | payment-service | order-service        | HTTP |
      | order-service   | notification-service | Kafka |
      | payment-service | order-service        | Kafka |
      | payment-service | notification-service | Kafka |
    And no span of the trace has lost its parent
    And the trace has every business span of the telemetry registry with its attributes

  @ECO-TRC-003
  Scenario: Every answer and every event carries the ids of its request
    Given a logged-in customer
    And a product in stock
    When the customer orders 1 of the product
    Then the answer carries the correlation headers of the telemetry registry
    And every event of the scenario carries its trace and its correlation id
