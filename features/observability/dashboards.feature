@core @profile.observability @requires.services @requires.ingress @requires.prometheus @requires.kafka
Feature: Dashboards
  A panel without data is a lie that nobody notices until the night they need it.

  @ECO-DSH-001
  Scenario: Every query of every dashboard returns data after traffic
    Given a purchase and a logout of a new customer
    # Zero is data: a rate of nothing is known. A query that falls back on a constant proves nothing and is not asked.
    Then every query of the shipped dashboards that can be empty returns data
