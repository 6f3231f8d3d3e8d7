//! ecotrack-chassis.
