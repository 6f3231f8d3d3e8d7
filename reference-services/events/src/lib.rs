//! ecotrack-events.
