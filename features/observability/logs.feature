@core @profile.observability @requires.services @requires.ingress @requires.loki
Feature: Logs
  A correlation id finds the whole story of one request, and no other story.

  @ECO-LOG-002 @ECO-LOG-003 @requires.kafka
  Scenario: The correlation id of an order finds its lines from every service it touched
    Given a logged-in customer with a placed order
    When the customer pays the order by card
    And the order becomes "completed"
    Then Loki finds lines of the scenario's correlation id from "user-service, product-service, order-service, payment-service, notification-service"
    And every line is structured and labelled
    And the search by field and the search by text find the same lines

  @ECO-LOG-003
  Scenario: Two requests at the same time share no line
    Given a logged-in customer
    When the customer reads their profile in two unrelated requests at the same time
    Then Loki finds lines for each of the two, from "user-service" alone
    And every line that names one of the two carries the ids of that one alone
