//! Behavior across modules: training, operator files and damaged bytes.

mod damaged_files;
mod determinism;
mod operator_files;
mod support;
mod training;
