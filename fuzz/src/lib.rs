//! What every fuzz target asks of a reader.
//!
//! `cargo +nightly fuzz run nwb fuzz/corpus/nwb reference/recordings/nwb` (or `abf`) from the root of the repository; whatever it
//! finds goes into `crates/noble-data/tests/it/damaged_recordings.npz` with `pack.py`, which an ordinary test reads.

mod read_whole;

pub use read_whole::read_whole;
