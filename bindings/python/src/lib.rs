//! The compiled half of the Python package: conversions between NumPy and the library, and nothing else.
//!
//! The package itself, with its signatures and its words, is in `python/noble`. Stages are run by the words of the command
//! line, so that names, checks, messages and results are the binary's own; what the library owns becomes NumPy's without a copy
//! where the precision is the same.

mod arrays;
mod commands;
mod errors;
mod features;
mod fit;
mod operator;
mod package;
mod watch;
