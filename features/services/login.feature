@core @profile.services @requires.services @requires.ingress
Feature: Login
  A token proves who a customer is to anybody who knows the published keys; a failed login tells nothing about who has an account.

  @ECO-SVC-006 @requires.redis @requires.kafka
  Scenario: A login gives a token that the published keys verify
    Given a registered customer
    When the customer logs in
    Then the token is signed with ES256 by a published key for audience "ecotrack"
    And the customer can read their own profile
    And the event "UserLoginEvent" is published on "user-events"

  @ECO-SVC-006 @requires.redis @requires.kafka
  Scenario: A logout ends the session
    Given a logged-in customer
    When the customer logs out
    Then the event "UserLogoutEvent" is published on "user-events"

  @ECO-SVC-006
  Scenario: A wrong password and an unknown user look alike
    Given a registered customer
    When the customer logs in with a wrong password
    And somebody without an account logs in
    Then both logins are refused with 401 and look alike
