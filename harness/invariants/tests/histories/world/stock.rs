//! What orders hold of the stock.

use std::collections::HashMap;

use uuid::Uuid;

use super::World;

impl World {
    /// An order's stock goes back.
    pub(crate) fn give_back(&mut self, order: Uuid) {
        self.reservation(order, "released");
        let database = &mut self.history.observed.database;
        let held: HashMap<Uuid, i64> = database
            .reservations
            .iter()
            .filter(|row| row.order_id == order)
            .map(|row| (row.product_id, row.quantity))
            .collect();
        for product in &mut database.products {
            product.available += held.get(&product.id).copied().unwrap_or_default();
        }
    }

    /// An order's reservation reaches a status.
    pub(super) fn reservation(&mut self, order: Uuid, status: &str) {
        let rows = self.history.observed.database.reservations.iter_mut();
        rows.filter(|row| row.order_id == order).for_each(|row| status.clone_into(&mut row.status));
    }
}
