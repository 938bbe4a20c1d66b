//! Fits whose candidates an executor of Python evaluates.

use std::ffi::OsString;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use noble::Error;
use noble::cli::{Console, fit_for, fit_plan_for};
use noble::fit::{Evaluate, Evaluation, FitPlan, Stage, answer, evaluations_of, jobs_of};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCFunction};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::errors::exception;
use crate::watch::{Watch, watched};

/// Candidates of one job: as many as go side by side on a core.
const N_TOGETHER: usize = 16;

/// Asks a function of Python that gives the answers to jobs in their order.
struct Asked {
    evaluate: Py<PyAny>,
    /// Of the command, which hears when nobody waits any more.
    console: OnceLock<Arc<dyn Console>>,
    raised: Mutex<Option<PyErr>>,
}

impl Asked {
    fn is_stopped(&self) -> bool {
        self.console.get().is_some_and(|console| console.is_stopped())
    }

    /// [`Self::is_stopped`] for Python, without arguments.
    fn stop_asker<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCFunction>> {
        let console = self.console.get().cloned();
        PyCFunction::new_closure(py, None, None, move |_, _| {
            console.as_ref().is_some_and(|console| console.is_stopped())
        })
    }
}

impl Evaluate for Asked {
    fn evaluate(
        &self,
        _plan: &FitPlan,
        stage: &Stage,
        candidates: &[Vec<f64>],
    ) -> Result<Vec<Evaluation>, Error> {
        let jobs = jobs_of(stage, candidates, N_TOGETHER)?;
        let answers = Python::attach(|py| -> PyResult<Vec<Vec<u8>>> {
            let jobs: Vec<Bound<'_, PyBytes>> = jobs.iter().map(|job| PyBytes::new(py, job)).collect();
            self.evaluate.bind(py).call1((jobs, self.stop_asker(py)?))?.extract()
        });
        match answers {
            Ok(answers) if answers.len() == jobs.len() => evaluations_of(&answers),
            Ok(answers) => {
                let what = format!("map gave {} answers to {} jobs", answers.len(), jobs.len());
                Err(Error::usage(what, "give a map that returns one result per item, in order"))
            }
            Err(_) if self.is_stopped() => Err(Error::Stopped),
            Err(error) => {
                *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Err(Error::Stopped)
            }
        }
    }
}

/// Runs `noble fit`; `evaluate` takes a list of jobs, and a function that says whether to stop, and gives the list of their
/// answers. Gives what was said.
#[pyfunction]
#[pyo3(signature = (words, evaluate, progress=None))]
pub(crate) fn fit(
    py: Python<'_>,
    words: Vec<OsString>,
    evaluate: Py<PyAny>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<String>> {
    let asked = Asked { evaluate, console: OnceLock::new(), raised: Mutex::new(None) };
    let heard = watched(py, progress, |console| {
        let console = asked.console.get_or_init(|| Arc::clone(console));
        fit_for(console, &words, &asked)
    });
    match asked.raised.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(heard?.words),
    }
}

/// Evaluates candidates of a fit whose words it was made with, on one thread: an executor has a worker for every core.
#[pyclass(frozen, module = "noble._noble")]
pub(crate) struct FitWorker {
    plan: FitPlan,
    own: ThreadPool,
}

#[pymethods]
impl FitWorker {
    /// FitWorker(words)
    #[new]
    fn new(py: Python<'_>, words: Vec<OsString>) -> PyResult<Self> {
        let silent: Arc<dyn Console> = Arc::new(Watch::default());
        let own = ThreadPoolBuilder::new().num_threads(1).build();
        let own = own.map_err(|error| exception(py, &Error::Internal { what: error.to_string() }))?;
        let plan = own.install(|| fit_plan_for(&silent, &words)).map_err(|error| exception(py, &error))?;
        Ok(Self { plan, own })
    }

    /// The answer to a job.
    fn answer<'py>(&self, py: Python<'py>, job: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let heard = watched(py, None, |_| self.own.install(|| answer(&self.plan, job)))?;
        Ok(PyBytes::new(py, &heard.value))
    }
}
