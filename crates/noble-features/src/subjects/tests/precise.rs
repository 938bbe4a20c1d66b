//! Precise mode.
