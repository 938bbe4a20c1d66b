//! The compiled half of the Python package: conversions between NumPy and the library, and nothing else.
//!
//! The package itself, with its signatures and its words, is in `python/noble`. Stages are run by the words of the command
//! line, so that names, checks, messages and results are the binary's own; arrays go in and out without copies.

mod arrays;
mod commands;
mod errors;
mod features;
mod fit;
mod operator;
mod watch;

use pyo3::prelude::*;

#[pymodule]
mod _noble {
    #[pymodule_export]
    use super::commands::{n_sweeps, predict, run, simulate};
    #[pymodule_export]
    use super::features::{check_setting, feature_names, feature_table, feature_values};
    #[pymodule_export]
    use super::fit::{FitWorker, fit};
    #[pymodule_export]
    use super::operator::{Network, Operator};

    #[pymodule_init]
    fn init(module: &super::Bound<'_, super::PyModule>) -> super::PyResult<()> {
        super::PyModuleMethods::add(module, "__version__", env!("CARGO_PKG_VERSION"))
    }
}
