//! I6: stock.

use ecotrack_invariants::judge::Invariant::{I5, I6};
use uuid::Uuid;

use crate::world::World;
use crate::{assert_broken, assert_good, culprit};

fn ordered() -> World {
    let mut world = World::new();
    let user = world.customer();
    let order = world.order(user, 2);
    world.pay(order);
    let given_up = world.order(user, 3);
    world.cancel(given_up);
    world
}

#[test]
fn pieces_that_vanish_were_written_over() {
    let mut world = ordered();
    world.history.observed.database.products[0].available -= 1;
    let findings = assert_broken(&world.end(), &[I6]);
    assert!(culprit(&findings).contains("reads stock, counts and writes it back"));
}

#[test]
fn pieces_that_appear_were_given_back_twice() {
    let mut world = ordered();
    world.history.observed.database.products[0].available += 3;
    assert_broken(&world.end(), &[I6]);
}

#[test]
fn nobody_sells_what_is_not_there() {
    let mut world = ordered();
    let product = &mut world.history.observed.database.products[1];
    (product.available, product.supplied) = (-1, -1);
    assert_broken(&world.end(), &[I6]);
}

#[test]
fn a_cancelled_order_that_still_holds_stock_keeps_it_from_others() {
    let mut world = ordered();
    let database = &mut world.history.observed.database;
    database.reservations[1].status = "held".to_owned();
    database.products[0].available -= 3;
    assert_broken(&world.end(), &[I5, I6]);
}

#[test]
fn an_order_without_its_reservation_sells_from_nowhere() {
    let mut world = ordered();
    let database = &mut world.history.observed.database;
    let gone = database.reservations.remove(0);
    database.products[0].available += gone.quantity;
    assert_broken(&world.end(), &[I6]);
}

#[test]
fn a_reservation_of_another_quantity_is_not_the_orders() {
    let mut world = ordered();
    let database = &mut world.history.observed.database;
    database.reservations[0].quantity += 1;
    database.products[0].available -= 1;
    assert_broken(&world.end(), &[I6]);
}

#[test]
fn stock_is_held_for_an_order_that_never_came_only_while_somebody_tries_to_place_it() {
    let mut world = ordered();
    let database = &mut world.history.observed.database;
    let mut orphan = database.reservations[0].clone();
    (orphan.order_id, orphan.quantity, orphan.status) = (Uuid::from_u128(7), 1, "held".to_owned());
    database.products[0].available -= 1;
    database.attempts.push(orphan.order_id);
    database.reservations.push(orphan);
    let mut history = world.end();
    assert_good(&history);
    assert_eq!(I6.judge(&history).anomalies.len(), 1);
    history.observed.database.attempts.clear();
    assert_broken(&history, &[I6]);
}

#[test]
fn stock_sold_to_nobody_is_lost() {
    let mut world = ordered();
    let database = &mut world.history.observed.database;
    let mut orphan = database.reservations[0].clone();
    (orphan.order_id, orphan.quantity) = (Uuid::from_u128(7), 1);
    database.products[0].available -= 1;
    database.reservations.push(orphan);
    assert_broken(&world.end(), &[I6]);
}
