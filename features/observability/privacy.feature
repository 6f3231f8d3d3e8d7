@core @profile.observability @requires.services @requires.ingress @requires.loki @requires.traces
Feature: What telemetry does not tell
  Lines, spans, metrics and events tell of a purchase, and of the customer nothing but the id.

  @ECO-LOG-005 @requires.prometheus @requires.kafka
  Scenario: A purchase is told everywhere, the customer nowhere
    Given a logged-in customer with a placed order
    When the customer asks for their orders with the token in the address, in vain
    And the customer pays the order with a card of their own
    And the order becomes "completed"
    Then the customer finds a "payment_processed" notification that was delivered
    And Loki finds lines of the scenario's correlation id from "user-service, product-service, order-service, payment-service, notification-service"
    And no line of anybody on the cluster tells what is the customer's alone
    And no span of the trace tells what is the customer's alone
    And no label of a metric tells what is the customer's alone
    And no header of an event tells what is the customer's alone

  @ECO-LOG-005 @requires.collector
  Scenario: The collector lets through only attributes that are allowed
    When a span with an attribute that no service should write is sent to the collector
    Then the trace store has the span without it
