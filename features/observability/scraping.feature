@core @profile.observability @requires.services @requires.prometheus
Feature: Scraping
  Every pod is watched, or nobody knows what it does.

  @ECO-MET-002
  Scenario: Every pod of every service is scraped
    Then Prometheus scrapes every pod of the five services, all of them up
