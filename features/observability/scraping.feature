@core @profile.observability @requires.services @requires.prometheus
Feature: Scraping
  Every pod is watched, or nobody knows what it does. A proxy that answers for a dead application is no watch.

  @ECO-MET-002
  Scenario: Every pod of every service is scraped
    Then Prometheus has the metrics of every pod of the five services, from the application itself
