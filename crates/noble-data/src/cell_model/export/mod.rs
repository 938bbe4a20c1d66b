//! Cells in the layouts of other programs.
//!
//! A layout that cannot say something must not lose it in silence, so every writer gives notes beside the file:
//! what is left out, and what its reader has to be told.

mod allen;
mod bluepyopt;
mod flat;

pub use allen::{AllenFile, write_allen, write_allen_set};
pub use bluepyopt::{BluePyOptFiles, write_bluepyopt};

#[cfg(test)]
mod tests;
