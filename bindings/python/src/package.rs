//! What the compiled module offers.

use pyo3::prelude::*;

#[pymodule]
mod _noble {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::commands::{n_sweeps, predict, run, simulate};
    #[pymodule_export]
    use crate::features::{check_setting, feature_names, feature_table, feature_values};
    #[pymodule_export]
    use crate::fit::{FitWorker, fit};
    #[pymodule_export]
    use crate::operator::{Network, Operator};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
