@core @profile.observability @requires.services @requires.prometheus @requires.alertmanager @serial
Feature: Alert drill
  A service that is gone pages somebody, and the page is taken back when the service returns.

  # The shipped rule with a short `for` and a label of its own: what is rehearsed is the real expression, the real route, the real receiver.
  @ECO-ALR-003 @ECO-ALR-006
  Scenario: A service without pods pages and its return resolves the page
    Given a drill of the alert "ServiceUnavailable"
    And "product-service" has no pod
    Then the alert of "product-service" becomes pending
    And the alert of "product-service" becomes firing
    And Alertmanager routes the alert of "product-service" to "pagerduty" alone
    And "pagerduty" receives the event "trigger" for "product-service"
    When the service has its pods back
    Then "pagerduty" receives the event "resolve" for "product-service"
