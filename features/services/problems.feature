@core @profile.services @requires.services @requires.ingress
Feature: Bad input
  Whatever is wrong with a request, the answer is a problem document with a trace id, and never a server error.

  @ECO-SVC-010
  Scenario Outline: <what> is answered with <status>
    Given a logged-in customer
    When the customer sends <method> <path> with the body <body>
    Then the answer is a problem with status <status>

    Examples:
      | what                   | method | path                 | body                                                                               | status |
      | broken JSON            | POST   | /api/orders          | {"items":                                                                          | 400    |
      | an empty order         | POST   | /api/orders          | {"items":[]}                                                                       | 422    |
      | a quantity of zero     | POST   | /api/orders          | {"items":[{"product_id":"00000000-0000-7000-8000-000000000000","quantity":0}]}     | 422    |
      | a price of one's own   | POST   | /api/orders          | {"items":[],"total":"0.01"}                                                        | 422    |
      | a page without an end  | GET    | /api/products?limit=1000000000 | none                                                                     | 422    |
      | a product without an id | GET   | /api/products/nobody | none                                                                               | 404    |
