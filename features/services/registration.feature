@core @profile.services @requires.services @requires.ingress
Feature: Registration
  A new customer asks for an account over the public API and is welcomed by a message that the mail provider really got.

  @ECO-SVC-005 @requires.kafka
  Scenario: A new customer registers and is welcomed
    When a new customer registers
    Then the registration is accepted
    And the event "UserRegisteredEvent" is published on "user-events"
    And the customer can log in
    And the customer finds a "welcome" notification that was delivered
    And "sendgrid" received the customer's "welcome" message
