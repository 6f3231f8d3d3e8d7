//! The chassis on real servers: what every service relies on.
//!
//! The threats and the tests that hold their controls. Without a crate before it a test is one of these; the others are the services'
//! own and the platform's.
//!
//! | threat | control | test |
//! |---|---|---|
//! | T1 another's object | the owner is part of the question | `access` of each service, `features/services/ownership.feature` |
//! | T2 a route for admins or services | a role per route, a token unless the document says otherwise | `access` of each service, the harness's `chart::authorization::the_policies_allow_the_declared_calls_and_no_other` |
//! | T3 mass assignment | unknown fields and arrays for objects are refused | `bad_input::json_of_another_shape_is_unprocessable_and_the_pointer_leads_there`, user-service's `registration::nobody_gives_themselves_a_role` |
//! | T4 confused deputy | the user's token is checked by whoever is asked; that it goes along, its client shows | `tokens`, order-service's `surviving::every_call_is_made_with_the_customers_own_token` |
//! | T5 algorithm and key confusion | one algorithm, keys of the issuer only | `tokens::a_forged_signature_is_refused_however_it_is_forged`, `tokens::a_key_that_the_token_brings_along_or_points_to_is_never_used`, user-service's `forgery` |
//! | T6 token of another audience, type or time, or stolen | aud, iss, typ, exp, nbf; a refresh token is good for once | `tokens::a_token_for_somebody_else_or_another_time_is_refused`, `tokens::a_token_of_another_kind_is_refused`, user-service's `refresh::a_refresh_token_that_comes_back_ends_its_session_for_everybody` |
//! | T7 stuffing, enumeration | counted before the work, refused without Redis; the same answer at the same cost | `redis::of_parallel_tries_no_more_than_the_limit_get_through`, user-service's `limits` and `registration::registering_twice_looks_the_same_and_changes_nothing` |
//! | T8 floods, big and deep bodies, silent and dripping connections | limits, places, times | `bad_input::what_is_too_big_is_refused_by_its_own_name`, `bad_input::more_requests_than_places_are_refused_at_once_and_liveness_is_not`, `silence`, `paging` of product-service |
//! | T9 hoarding | stock is held for a time, a customer has so many open orders | product-service's `expiry`, order-service's `expiring::a_customer_has_a_few_orders_open_and_no_more_however_they_are_asked_for` |
//! | T10 requests to where a client says | https to public names, which nobody of ours follows | `public_url` of the chassis; an address of a picture is kept, never asked |
//! | T11 tampering with prices and steps | totals of stored prices, steps known to the database | order-service's `placing::an_order_costs_what_the_catalogue_says_and_is_told_to_the_world` and `lifecycle::the_database_has_the_same_steps_as_the_domain_and_no_other`, payment-service's `paying::another_amount_than_is_owed_is_refused_and_nothing_moves` |
//! | T12 forged or repeated webhooks | signed, for five minutes, once | payment-service's `webhooks::forged_webhooks_are_refused_with_one_answer_and_change_nothing` and `webhooks::the_same_event_five_times_has_one_effect`, notification-service's `webhooks::who_cannot_sign_is_not_believed` |
//! | T13 header spoofing | no header says who calls | `bad_input::identity_in_a_header_is_not_believed`, the harness's `chart::routes::how_long_a_caller_waits_is_for_services_to_say_and_not_for_anybody_outside` |
//! | T14 smuggling | refused, or the last of its connection | `smuggling::a_head_that_two_hops_could_read_differently_is_refused`, `smuggling::a_request_with_two_lengths_is_the_last_of_its_connection_and_what_hides_behind_it_is_never_served` |
//! | T15 injection into statements, lines and headers | bound parameters, structured lines, validated headers | `bad_input::a_correlation_id_that_could_forge_a_line_is_replaced`, product-service's `hostile` |
//! | T16 plain text or the wrong server | TLS by the platform's authority and the server's own name; in the mesh by identity | `secured`, `features/mesh/mutual_tls.feature` |
//! | T17 logins that last or may too much | a login with a lease, a role per service | `database::a_change_of_credentials_fails_no_request_and_leaves_the_old_login`, `a_login_has_its_services_schema_and_no_other` of the servers, `features/secrets/database_credentials.feature` |
//! | T18 forged or malformed events | parked with a reason; who may write is listed | `dead_letters::every_broken_record_is_parked_and_the_ones_behind_it_are_handled`, `whoever_tells_or_listens_by_the_registry_of_events_may_and_nobody_else` of deploy/platform |
//! | T19 poisoned cache | unreadable is a miss, stale is not put back, another's is not believed | `redis::a_slow_reader_does_not_put_back_what_was_changed_meanwhile`, `redis::a_value_nobody_can_read_is_a_miss`, user-service's `cache::an_entry_that_is_another_users_is_not_believed` |
//! | T20 secrets in outputs | wrapped types, allow-listed context, no values in errors; the collector's list of attributes, an access log without queries | `canaries::no_canary_comes_out_anywhere`, `credentials`, `secrecy` of each service, `the_access_log_has_no_query` of deploy/platform, `features/observability/privacy.feature` |
//! | T21 leaking error bodies | fixed texts and a trace id | `lifecycle::a_handler_that_panics_is_a_problem_and_not_the_end`, `features/services/problems.feature` |
//! | T22 fail-open | a fail mode per limit, no keys no answer | `redis::without_redis_a_limit_fails_as_it_was_told_to`, `tokens::without_keys_nothing_is_said_about_any_token`; of what else is away, order-service's `surviving`, product-service's `caches`, payment-service's `unknown_outcomes` and `intents` |
//! | T23 the platform's paths from outside | they have no route and no cell in the matrix | the harness's `chart::authorization::the_gateway_reaches_no_actuator_and_none_of_the_internal_routes`, `features/mesh/external_access.feature` |
//! | T24 cardinality | route templates and known methods only | `lifecycle::made_up_paths_and_methods_make_no_series`; after the fuzzer at most 10,000 series, `fuzz::series` of the stack |

#![expect(clippy::panic_in_result_fn, reason = "a test fails by an error or by an assertion")]

mod answers;
mod bad_input;
mod batches;
mod canaries;
mod clients;
mod contracts;
mod crash;
mod credentials;
mod darkness;
mod database;
mod dead_letters;
mod helpers;
mod inbox;
mod lifecycle;
mod outbox;
mod producing;
mod proxy;
mod pruning;
mod raw;
mod redis;
mod redis_trouble;
mod secured;
mod silence;
mod slowness;
mod smuggling;
mod target;
mod tokens;
mod wire;
