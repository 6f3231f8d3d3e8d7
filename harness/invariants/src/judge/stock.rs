//! I6: stock is neither made nor lost: supplied is available, reserved and sold, never below zero, and each order holds what it
//! should.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Findings;
use super::acknowledged_writes::kept;
use super::facts::Facts;
use crate::observed::{Order, Product};

pub(super) fn judge(facts: &Facts<'_>) -> Findings {
    let mut findings = Findings::default();
    let pieces = Pieces::of(facts);
    for product in &facts.observed.database.products {
        findings.examine();
        pieces.add_up(product, &mut findings);
    }
    for order in facts.orders.values() {
        findings.examine();
        holds(facts, order, &mut findings);
    }
    orphans(facts, &mut findings);
    findings
}

/// Pieces of each product that orders hold or have bought.
struct Pieces {
    reserved: BTreeMap<Uuid, i64>,
    sold: BTreeMap<Uuid, i64>,
}

impl Pieces {
    fn of(facts: &Facts<'_>) -> Self {
        let count = |status: &str| {
            let mut counted: BTreeMap<Uuid, i64> = BTreeMap::new();
            for row in
                facts.observed.database.reservations.iter().filter(|row| row.status == status)
            {
                *counted.entry(row.product_id).or_default() += row.quantity;
            }
            counted
        };
        Self { reserved: count("held"), sold: count("sold") }
    }

    fn add_up(&self, product: &Product, findings: &mut Findings) {
        let of =
            |pieces: &BTreeMap<Uuid, i64>| pieces.get(&product.id).copied().unwrap_or_default();
        let (reserved, sold) = (of(&self.reserved), of(&self.sold));
        if product.available < 0 {
            let seen = format!("{} available", product.available);
            findings.violation(
                &[&product.id],
                "stock is never below zero",
                seen,
                "product-service: it sells what it has not",
            );
        }
        let sum = product.available + reserved + sold;
        if sum != product.supplied {
            let expected = format!("{} supplied = available + reserved + sold", product.supplied);
            let seen = format!(
                "{} available + {reserved} reserved + {sold} sold = {sum}",
                product.available
            );
            let culprit = "product-service: it reads stock, counts and writes it back, or gives the same pieces back twice";
            findings.violation(&[&product.id], expected, seen, culprit);
        }
    }
}

/// An order's reservation follows its status.
fn holds(facts: &Facts<'_>, order: &Order, findings: &mut Findings) {
    let rows = facts.reservations.get(&order.id).map(Vec::as_slice).unwrap_or_default();
    let legal: &[&str] = match order.status.as_str() {
        "created" | "payment_pending" => &["held"],
        "paid" => &["held", "sold"],
        "completed" | "refunded" => &["sold"],
        "cancelled" => &["released", "expired"],
        _ => &[],
    };
    if let Some(row) = rows.iter().find(|row| !legal.contains(&row.status.as_str())) {
        let expected = format!(
            "reservations of an order that is `{}` are {}",
            order.status,
            legal.join(" or ")
        );
        let seen = format!("{} of product {} are `{}`", row.quantity, row.product_id, row.status);
        let culprit = "product-service: it missed what became of the order, or let a reservation end too early";
        findings.violation(&[&order.id, &row.product_id], expected, seen, culprit);
    }
    let reserved: BTreeMap<Uuid, i64> =
        rows.iter().map(|row| (row.product_id, row.quantity)).collect();
    if reserved != kept(order) {
        let expected = format!("reserved is what was ordered: {:?}", kept(order));
        let culprit =
            "order-service places orders without their reservation, or product-service lost it";
        findings.violation(&[&order.id], expected, format!("{reserved:?}"), culprit);
    }
}

/// Stock that is held for an order that does not exist: only while order-service knows of an attempt, which it gives up in a minute.
fn orphans(facts: &Facts<'_>, findings: &mut Findings) {
    let orphans = facts
        .observed
        .database
        .reservations
        .iter()
        .filter(|row| !facts.orders.contains_key(&row.order_id));
    let attempts = &facts.observed.database.attempts;
    for row in orphans {
        match row.status.as_str() {
            "released" | "expired" => {}
            "held" if attempts.contains(&row.order_id) => {
                findings.anomaly(&[&row.order_id], "held for an order that is being placed");
            }
            status => {
                let seen = format!(
                    "{} of product {} are `{status}` for an order that is not there",
                    row.quantity, row.product_id
                );
                let culprit = "order-service lost an order, or never gave the reservation back";
                findings.violation(&[&row.order_id], "stock is held for orders", seen, culprit);
            }
        }
    }
}
