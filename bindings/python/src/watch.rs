//! Long work on a thread of its own, while Python's looks for Ctrl-C and tells how far it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use noble::cli::Console;
use noble::{Error, Progress};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::errors::exception;

/// Between two looks for Ctrl-C, and at most so often progress is told.
const INTERVAL: Duration = Duration::from_millis(50);

/// How far a stage is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Stage {
    name: String,
    n_done: usize,
    n_items: usize,
    text: String,
}

/// What a command says while it runs.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    stage: Mutex<Stage>,
    words: Mutex<Vec<String>>,
    data: Mutex<String>,
    is_stopped: AtomicBool,
}

/// A lock whose holder cannot panic, and whose content is whole anyway.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Progress for Watch {
    fn start(&self, stage: &str, n_items: usize) {
        *locked(&self.stage) = Stage { name: stage.to_owned(), n_items, ..Stage::default() };
    }

    fn advance(&self, n_items: usize) {
        locked(&self.stage).n_done += n_items;
    }

    fn say(&self, text: &str) {
        text.clone_into(&mut locked(&self.stage).text);
    }

    fn status(&self, text: &str) {
        self.say(text);
    }

    fn finish(&self) {}

    fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }
}

impl Console for Watch {
    fn words(&self, text: &str) {
        locked(&self.words).push(text.to_owned());
    }

    fn data(&self, text: &str) {
        locked(&self.data).push_str(text);
    }
}

/// What work gave, with what it said.
pub(crate) struct Heard<T> {
    pub(crate) value: T,
    pub(crate) words: Vec<String>,
    pub(crate) data: String,
}

/// Does work without Python's lock.
///
/// `progress`, where given, is called with stage, items done, items in all and a text. Ctrl-C, or an exception of
/// `progress`, stops the work within a moment and is raised when it has ended.
pub(crate) fn watched<T: Send>(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Arc<dyn Console>) -> Result<T, Error> + Send,
) -> PyResult<Heard<T>> {
    let watch = Arc::new(Watch::default());
    let console: Arc<dyn Console> = Arc::clone(&watch) as Arc<dyn Console>;
    let (is_done, done) = (Mutex::new(false), Condvar::new());
    let (result, raised) = std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let _end = AtEnd(&is_done, &done);
            work(&console)
        });
        let mut told = Stage::default();
        let mut raised = None;
        while !py.detach(|| wait(&is_done, &done)) {
            if let (Err(error), None) = (look(py, progress, &watch, &mut told), &raised) {
                raised = Some(error);
                watch.is_stopped.store(true, Ordering::Relaxed);
            }
        }
        (py.detach(|| worker.join()), raised)
    });
    if let Some(error) = raised {
        return Err(error);
    }
    let result = result
        .map_err(|_| PyRuntimeError::new_err("internal error: a thread panicked; please report this"))?;
    let value = result.map_err(|error| exception(py, &error))?;
    look(py, progress, &watch, &mut Stage::default())?;
    let (words, data) =
        (std::mem::take(&mut *locked(&watch.words)), std::mem::take(&mut *locked(&watch.data)));
    Ok(Heard { value, words, data })
}

/// Tells the waiting thread that work has ended, also by a panic.
struct AtEnd<'a>(&'a Mutex<bool>, &'a Condvar);

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        *locked(self.0) = true;
        self.1.notify_all();
    }
}

/// Waits for the end of work, or for the next look; whether it has ended.
fn wait(is_done: &Mutex<bool>, done: &Condvar) -> bool {
    let waited = done.wait_timeout_while(locked(is_done), INTERVAL, |is_done| !*is_done);
    *waited.unwrap_or_else(PoisonError::into_inner).0
}

/// Looks for Ctrl-C and tells progress that is news.
fn look(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    watch: &Watch,
    told: &mut Stage,
) -> PyResult<()> {
    py.check_signals()?;
    let Some(progress) = progress else { return Ok(()) };
    let stage = locked(&watch.stage).clone();
    if stage == *told {
        return Ok(());
    }
    *told = stage;
    progress.call1((&told.name, told.n_done, told.n_items, &told.text)).map(drop)
}
