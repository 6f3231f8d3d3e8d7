@core @profile.secrets @requires.services @requires.ingress @requires.openbao @requires.external-secrets @requires.postgres
Feature: Database credentials
  A service's login to the database is made for it, replaced while it works, and refused by PostgreSQL once it was revoked.

  @ECO-SEC-001
  Scenario: The mounted pair is one that OpenBao made and PostgreSQL knows
    Then the database login of "order-service" was made by OpenBao and PostgreSQL accepts it

  @ECO-SEC-001
  Scenario: A login reaches the tables of its own service and nobody else's
    Then the database login of each of the five services may read its own tables and no others

  # Alone, because it replaces the credentials under a service that others would be using.
  @ECO-SEC-001 @ECO-SEC-002 @serial
  Scenario: A rotation under load costs no request, and the old login is refused by PostgreSQL
    Given a logged-in customer
    And a steady client that reads the customer's orders
    And the present database login of "order-service", which PostgreSQL accepts
    When the credentials of "order-service" are rotated
    Then "order-service" counts a rotation and uses only the new login
    When the lease of the old login is revoked
    Then PostgreSQL no longer knows the old role and refuses its login
    And PostgreSQL accepts the new login
    And the steady client saw no failed request
