@core @profile.services @requires.services @requires.ingress
Feature: Reports of providers
  What a provider tells unasked is as good as its answer: if it is signed, once, and from nobody else.

  # Red where the gateway turns reports away, or the sandbox signs with another secret than payment-service checks with: the payment
  # stays open until payment-service asks again (202). The order that was paid before is the twin whose answer came; since it did,
  # the breaker of "paypal" has forgotten what failed earlier, and two lost answers do not open it.
  @ECO-EXT-001 @ECO-SVC-008 @requires.kafka @requires.postgres @requires.prometheus @requires.loki
  Scenario: A payment whose answer is lost is settled by the provider's report
    Given a logged-in customer who paid one order from a wallet and placed another
    And the number of reports of "paypal" that were applied
    And "paypal" loses its answers about the order
    When the customer pays the order from a wallet
    Then the payment is processed
    And PostgreSQL knows of no answer of the provider about the payment
    And "paypal" accepted 1 charge for the order
    And there are at least 1 more of these reports
    And Loki finds the line that settles the payment under the scenario's correlation id
    And the order becomes "completed"
    When "paypal" is itself again
    Then the customer gets the money back

  # Red where any of the four is believed; without the last step it would be green where nothing is received at all.
  @ECO-EXT-001 @requires.prometheus
  Scenario: Only the provider's own and fresh signature is believed
    Given a logged-in customer with a paid order
    And the number of reports of "stripe" that were refused
    And "stripe" keeps its reports about the charge back
    When "stripe" pays the charge back of its own accord
    And its report arrives forged, stale, with another's signature and with none
    Then each of them is refused with status 400
    And the payment is still "processed"
    And there are at least 4 more of these reports
    And "stripe" is itself again
    When the same report arrives as the provider signs it
    Then the payment becomes "refunded"

  # Red where a second copy has an effect, or where fewer than five arrive.
  @ECO-EXT-001 @requires.kafka @requires.prometheus
  Scenario: A report that arrives five times has one effect
    Given a logged-in customer with a paid order
    And the number of reports of "stripe" that were duplicate
    And "stripe" sends every report about the charge five times
    When "stripe" pays 1.00 of the charge back of its own accord
    Then there are at least 4 more of these reports
    And the payment becomes "partially_refunded" with 1.00 paid back
    And the event "PaymentRefundedEvent" is published on "payment-events"
    And "stripe" is itself again

  # Red where the mail provider's report is turned away: no other work of notification-service is called so.
  @ECO-EXT-001 @requires.kafka @requires.traces
  Scenario: What became of a mail is reported
    Given a registered customer
    Then the trace holds a span "notification-report" of "notification-service"
