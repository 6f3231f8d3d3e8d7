@core @profile.services @requires.services @requires.ingress
Feature: Order placement
  The shop decides what an order costs and places it once, however often it is sent.

  @ECO-SVC-007 @requires.postgres @requires.kafka
  Scenario: An order is priced by the shop and reserves stock
    Given a logged-in customer
    And a product in stock
    When the customer orders 2 of the product
    Then the order is placed for 2 times the stored price
    And PostgreSQL holds a reservation of 2 of the product for the order
    And the event "OrderCreatedEvent" is published on "order-events"

  @ECO-SVC-007 @requires.postgres
  Scenario: The same order sent twice is placed once
    Given a logged-in customer
    And a product in stock
    When the customer orders 1 of the product
    And the customer sends the same order again
    Then the second answer repeats the first
    And PostgreSQL holds 1 order of the customer

  @ECO-SVC-007 @requires.postgres
  Scenario: The same key with another order is refused
    Given a logged-in customer
    And a product in stock
    When the customer orders 1 of the product
    And the customer sends another order with the same key
    Then the answer is a problem with status 422
    And PostgreSQL holds 1 order of the customer
