@core @profile.observability @requires.services @requires.ingress @requires.prometheus
Feature: Business metrics
  What the business counts is what customers did.

  # Alone, because any other customer would move the same counters.
  @ECO-MET-004 @serial @requires.kafka
  Scenario: One customer's purchase moves every business metric by what was done
    Given the values of these business metrics
      | metric                                                                    | by    |
      | user_registrations_total                                                  | 1     |
      | user_login_duration_seconds_count{success="true"}                         | 1     |
      | orders_total{order_status="created"}                                      | 1     |
      | orders_total{order_status="completed"}                                    | 1     |
      | order_value_dollars_count                                                 | 1     |
      | order_value_dollars_sum                                                   | total |
      | order_processing_duration_seconds_count                                   | 1     |
      | payments_total{gateway="stripe",method="card",status="processed"}         | 1     |
      | payment_processing_duration_seconds_count{gateway="stripe",method="card"} | 1     |
    When a new customer registers, logs in, orders 2 of a product and pays by card
    Then each of these metrics has moved by its amount
