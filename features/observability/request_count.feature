@core @profile.observability @requires.services @requires.ingress @requires.prometheus
Feature: Request count
  A metric that loses or invents requests is worse than none.

  @ECO-MET-003
  Scenario: Seven requests sent are seven requests counted
    Given a logged-in customer
    And the count of "GET" "/api/notifications/{notification_id}" with status "404" at "notification-service"
    When the customer asks 7 times for a notification that does not exist
    Then the count has increased by exactly 7
