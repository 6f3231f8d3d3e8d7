//! ecotrack-platform.
