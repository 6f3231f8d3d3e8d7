@core @profile.observability @requires.services @requires.ingress @requires.prometheus @requires.kafka
Feature: Dashboards
  A panel without data is a lie that nobody notices until the night they need it.

  @ECO-DSH-001
  Scenario: Every query of every dashboard returns data after traffic
    Given a purchase and a logout of a new customer
    Then every query of the shipped dashboards returns data
