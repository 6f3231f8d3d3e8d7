@core @profile.observability @requires.services @requires.ingress
Feature: One request in all signals
  Trace, log lines, metric, events and rows of one order tell of the same order.

  # Alone, because anybody else's order would be counted as this one's.
  @ECO-TRC-005 @serial @requires.traces @requires.loki @requires.prometheus @requires.kafka @requires.postgres
  Scenario: An order is the same order in every signal
    Given a logged-in customer
    And a product in stock
    And the count of "POST" "/api/orders" with status "201" at "order-service"
    When the customer orders 1 of the product
    Then the trace holds a span "order-processing" with the order's id
    And Loki finds lines of the scenario's correlation id and trace
    And the event "OrderCreatedEvent" names the order and the trace
    And PostgreSQL holds 1 order of the customer
    And the count has increased by exactly 1
