@core @profile.data @requires.redis
Feature: Redis
  The cache holds sessions, so it is spoken to over TLS and with a password only.

  @ECO-CAC-003
  Scenario: Redis wants TLS and a password
    Then Redis cuts off a client that speaks plain text
    And Redis refuses a client without a password over TLS
    And Redis answers a client with the services' password over TLS
