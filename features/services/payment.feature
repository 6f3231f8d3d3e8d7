@core @profile.services @requires.services @requires.ingress
Feature: Payment
  Money moves once, at the provider's own record, and both the order and the customer learn how it went.

  @ECO-SVC-008 @requires.kafka
  Scenario: A paid order is completed and the customer is told
    Given a logged-in customer with a placed order
    When the customer pays the order by card
    Then the payment is processed
    And the order becomes "completed"
    And "stripe" accepted 1 charge for the order
    And the events "PaymentInitiatedEvent, PaymentProcessedEvent, OrderPaymentProcessedEvent, OrderCompletedEvent" are published
    And the customer finds a "payment_processed" notification that was delivered

  @ECO-SVC-008 @requires.kafka
  Scenario: A declined card cancels the order and the customer is told
    Given a logged-in customer with a placed order
    When the customer pays the order with a card that the bank declines
    Then the payment is refused with status 402
    And the order becomes "cancelled"
    And "stripe" accepted 0 charges for the order
    And the events "PaymentInitiatedEvent, PaymentFailedEvent, OrderCancelledEvent" are published
    And the customer finds a "payment_failed" notification that was delivered
