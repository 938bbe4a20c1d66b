//! Errors of the library as exceptions of the package, with the same words.

use noble::Error;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// Module of the exceptions, written in Python as one of them has two bases.
const MODULE: &str = "noble.errors";

/// The exception of an error: `InputError` where the binary would exit with 2, else `FailureError`.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let name = if error.exit_code() == 2 { "InputError" } else { "FailureError" };
    named(py, name, &error.to_string())
}

/// An `InputError`.
pub(crate) fn input_error(py: Python<'_>, message: &str) -> PyErr {
    named(py, "InputError", message)
}

fn named(py: Python<'_>, name: &str, message: &str) -> PyErr {
    let made = py.import(MODULE).and_then(|module| module.getattr(name)?.call1((message,)));
    match made {
        Ok(exception) => PyErr::from_value(exception),
        Err(_) => PyRuntimeError::new_err(message.to_owned()),
    }
}
