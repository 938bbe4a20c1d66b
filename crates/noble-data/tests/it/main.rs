//! Properties of the readers as a whole.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod damaged_files;
mod long_tracings;
mod recordings;
