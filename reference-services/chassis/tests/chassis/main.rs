//! The chassis on real servers: what every service relies on.
//!
//! Threats whose control is the chassis, and the tests that hold it (others are the services' own):
//!
//! | threat | control | test |
//! |---|---|---|
//! | T3 mass assignment | unknown fields and arrays for objects are refused | `bad_input::json_of_another_shape_is_unprocessable_and_the_pointer_leads_there` |
//! | T4 confused deputy | the user's token is checked by whoever is asked; that it goes along, its client shows | `tokens`, order-service's `surviving::every_call_is_made_with_the_customers_own_token` |
//! | T5 algorithm and key confusion | one algorithm, keys of the issuer only | `tokens::a_forged_signature_is_refused_however_it_is_forged`, `tokens::a_key_that_the_token_brings_along_or_points_to_is_never_used` |
//! | T6 token of another audience, type or time | aud, iss, typ, exp, nbf | `tokens::a_token_for_somebody_else_or_another_time_is_refused`, `tokens::a_token_of_another_kind_is_refused` |
//! | T7 stuffing | counted before the work, refused without Redis | `redis::of_parallel_tries_no_more_than_the_limit_get_through` |
//! | T8 floods, big and deep bodies, silent connections | limits, places, times | `bad_input::what_is_too_big_is_refused_by_its_own_name`, `bad_input::more_requests_than_places_are_refused_at_once_and_liveness_is_not`, `silence` |
//! | T13 header spoofing | no header says who calls | `bad_input::identity_in_a_header_is_not_believed` |
//! | T14 smuggling | refused, or the last of its connection | `bad_input::a_request_that_two_hops_could_read_differently_is_refused_or_the_last_of_its_connection` |
//! | T15 log and header injection | structured lines, validated headers | `bad_input::a_correlation_id_that_could_forge_a_line_is_replaced` |
//! | T18 forged or malformed events | parked with a reason | `dead_letters::every_broken_record_is_parked_and_the_ones_behind_it_are_handled` |
//! | T19 poisoned cache | unreadable is a miss, stale is not put back | `redis::a_slow_reader_does_not_put_back_what_was_changed_meanwhile` |
//! | T20 secrets in outputs | wrapped types, allow-listed context, no values in errors; the collector's list of attributes | `canaries::no_canary_comes_out_anywhere`, `secrecy` of each service, `features/observability/privacy.feature` |
//! | T21 leaking error bodies | fixed texts and a trace id | `lifecycle::a_handler_that_panics_is_a_problem_and_not_the_end` |
//! | T22 fail-open | a fail mode per limit, no keys no answer | `redis::without_redis_a_limit_fails_as_it_was_told_to`, `tokens::without_keys_nothing_is_said_about_any_token` |
//! | T24 cardinality | route templates and known methods only | `lifecycle::made_up_paths_and_methods_make_no_series` |

#![expect(clippy::panic_in_result_fn, reason = "a test fails by an error or by an assertion")]

mod bad_input;
mod batches;
mod canaries;
mod clients;
mod contracts;
mod crash;
mod database;
mod dead_letters;
mod helpers;
mod inbox;
mod lifecycle;
mod outbox;
mod pruning;
mod redis;
mod secured;
mod silence;
mod tokens;
mod wire;
