@core @profile.services @requires.services @requires.ingress
Feature: Ownership
  What belongs to another customer looks exactly like what does not exist.

  @ECO-SVC-011
  Scenario: Another customer's order is not there
    Given a logged-in customer with a placed order
    Then the customer can read the order
    But another customer gets the same 404 for it as for an order that nobody placed

  @ECO-SVC-011
  Scenario: A role cannot be given to oneself
    When somebody registers with the role "admin" in the request
    Then the answer is a problem with status 422
