@core @profile.mesh @requires.services @requires.istio @requires.ingress
Feature: Service-to-service authorisation
  Who may ask whom for what is one table; everything else is refused by the mesh itself, and proven to be.

  @ECO-MSH-003 @requires.loki
  Scenario Outline: <allowed> may <method> <path> of <service>, <denied> may not
    Given a logged-in customer
    And a probe of the mesh as "<allowed>-sa"
    And another probe of the mesh as "<denied>-sa"
    When both probes send <method> <path> to "<service>" for the customer
    Then the first probe is answered by the service itself
    And the other probe is refused by the mesh
    And the proxy of "<service>" counted a refusal and logged it as its own

    Examples:
      | allowed         | denied               | service         | method | path                             |
      | order-service   | payment-service      | user-service    | GET    | /api/users/{customer}            |
      | order-service   | notification-service | product-service | POST   | /api/products/reservations       |
      | order-service   | payment-service      | product-service | DELETE | /api/products/reservations/{any} |
      | payment-service | user-service         | order-service   | POST   | /api/orders/{any}/payment        |
