@core @profile.services @requires.services
Feature: Health
  Kubernetes asks each service whether it lives and whether it can serve; nobody outside can.

  @ECO-SVC-002
  Scenario Outline: <service> says that it lives and that it can serve
    Then every pod of "<service>" answers 200 on "/actuator/health/liveness"
    And every pod of "<service>" answers 200 on "/actuator/health/readiness"

    Examples:
      | service              |
      | user-service         |
      | product-service      |
      | order-service        |
      | payment-service      |
      | notification-service |
