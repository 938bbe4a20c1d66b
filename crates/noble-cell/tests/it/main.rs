//! Channels of the user beside those of the catalog.

#![expect(clippy::unwrap_used, reason = "a failing test panics")]

mod page;
mod small_cell;
mod user_channels;
